using System.Globalization;
using Compliance.Ledger;
using Compliance.Ledger.Append;
using Compliance.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace EndToEnd.Ledger;

/// <summary>
/// A process that appends records, several at once, and prints each receipt: what it has printed it may not lose. It gets the connection
/// strings of both accounts, the tenant, the day by its clock (days after the records' own), and the ids.
/// </summary>
internal static class WriterRole
{
    public const string Name = "role-ledger-writer";

    /// <summary>What a line that tells of a receipt begins with.</summary>
    public const string Kept = "kept";

    /// <summary>Printed before the first record is appended.</summary>
    public const string Ready = "ready";

    private const int AtOnce = 8;

    // So few that blobs are closed and begun all the time.
    private static readonly LogOptions Options = new() { MaxBlocks = 10 };

    private static readonly DateTimeOffset Happened = new(2026, 3, 1, 6, 0, 0, TimeSpan.Zero);

    /// <summary>A record whose content follows from its id, so that whoever brings it again brings the same.</summary>
    public static EvidenceRecord Record(string tenant, string id) =>
        new()
        {
            Id = id,
            Time = Happened,
            Actor = "WriterRole (test)",
            Action = "test.append",
            TenantId = tenant,
            PolicySha256 = "",
            Controls = [],
            Outcome = "complete",
            Counts = new Dictionary<string, long> { ["length"] = id.Length },
            CorrelationId = id,
        };

    public static async Task<int> RunAsync(string[] args)
    {
        var (state, evidence, tenant, days) = (args[0], args[1], args[2], int.Parse(args[3], CultureInfo.InvariantCulture));
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["AzureWebJobsStorage"] = state, ["EvidenceStorage"] = evidence })
            .Build();
        await using var log = new AppendBlobEvidenceLog(
            new StateStorage(StorageOptions.Read(settings)),
            new Shifted(Happened.AddDays(days)),
            NullLogger<AppendBlobEvidenceLog>.Instance,
            Options
        );
        var output = Console.Out;
        await output.WriteLineAsync(Ready);
        await output.FlushAsync();
        var printing = new Lock();
        await Parallel.ForEachAsync(
            args[4..].SelectMany(Ids),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (id, cancellationToken) =>
            {
                var receipt = await log.AppendAsync(Record(tenant, id), cancellationToken);
                lock (printing)
                {
                    output.WriteLine(
                        $"{Kept} {receipt.RecordId} {receipt.Location} {receipt.Offset.ToString(CultureInfo.InvariantCulture)} "
                            + $"{receipt.Sha256}"
                    );
                    output.Flush();
                }
            }
        );
        return 0;
    }

    // a:3:6 is a3, a4, a5.
    private static IEnumerable<string> Ids(string range)
    {
        var parts = range.Split(':');
        for (var n = int.Parse(parts[1], CultureInfo.InvariantCulture); n < int.Parse(parts[2], CultureInfo.InvariantCulture); n++)
            yield return parts[0] + n.ToString("0000", CultureInfo.InvariantCulture);
    }

    // A clock that starts when it is told to.
    private sealed class Shifted(DateTimeOffset start) : TimeProvider
    {
        private readonly long _began = System.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => start + System.GetElapsedTime(_began);
    }
}
