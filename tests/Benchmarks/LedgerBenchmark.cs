using System.Diagnostics;
using System.Globalization;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Compliance.Ledger;
using Compliance.Ledger.Append;
using Compliance.Ledger.Format;
using Compliance.Storage;
using Local;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Benchmarks;

/// <summary>
/// Appends to the evidence log by 1, 8 and 32 writers at once, beside bare AppendBlock calls against the same Azurite: of as many bytes a
/// call, and of one record a call, each after the other as appends at a position have to be. Alternating, medians.
/// </summary>
internal static class LedgerBenchmark
{
    private const double LeastOfBare = 0.8;
    private const double LeastOfSingle = 50;
    private const double MaxOfCall = 2;

    // Writers, and how many records each has on its way at a time: an orchestration that ends a phase records several acts at once.
    private static readonly (int Writers, int Each)[] Loads = [(1, 1), (8, 1), (32, 1), (32, 4), (32, 8)];

    public static async Task<int> RunAsync(string[] args)
    {
        var rounds = Number(args, "--rounds", 5);
        var calls = Number(args, "--calls", 250);
        var data = Directory.CreateTempSubdirectory("bench-").FullName;
        await using var azurite = await Azurite.StartAsync(
            RepositoryRoot.Find(),
            data,
            (0, 0, 0),
            TimeProvider.System,
            CancellationToken.None
        );
        var runs = Loads.ToDictionary(l => l, _ => new List<(Run Ledger, Run Bare, Run Single)>());
        // The first round is not counted: neither the code nor Azurite is warm.
        for (var round = 0; round <= rounds; round++)
            foreach (var load in Loads)
            {
                var name = $"r{round}-{load.Writers}-{load.Each}";
                var ledger = await LedgerAsync(azurite, name, load.Writers, load.Each, calls);
                var batch = Math.Max(1, (int)Math.Round((double)ledger.Records / ledger.Calls));
                var bare = await BareAsync(azurite, $"{name}-bare", batch, ledger.Records / batch);
                var single = await BareAsync(azurite, $"{name}-single", 1, calls);
                if (round > 0)
                    runs[load].Add((ledger, bare, single));
            }

        Console.WriteLine(
            $"{rounds} rounds, alternating, medians; {Line(0).Length + 1} bytes a record; {Environment.ProcessorCount} processors, "
                + "shared with Azurite; with 256 on their way (32 x 8) the processors bind, not storage"
        );
        Console.WriteLine();
        Console.WriteLine(
            "| writers x records each | records/s | records a call | p50 ms | p99 ms | bare records/s, same calls | ratio | bare call "
                + "p50 ms | ratio | one record a call, records/s | ratio |"
        );
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        var met = new Dictionary<(int, int), (double Bare, double Call, double Single)>();
        foreach (var load in Loads)
        {
            var measured = runs[load];
            // Of each pair, since what else the machine does changes from pair to pair.
            met[load] = (
                Median(measured.Select(m => m.Ledger.Rate / m.Bare.Rate)),
                Median(measured.Select(m => m.Ledger.At(0.5) / m.Bare.At(0.5))),
                Median(measured.Select(m => m.Ledger.Rate / m.Single.Rate))
            );
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {load.Writers} x {load.Each} | {Median(measured.Select(m => m.Ledger.Rate)):0} | "
                        + $"{Median(measured.Select(m => (double)m.Ledger.Records / m.Ledger.Calls)):0.0} | "
                        + $"{Median(measured.Select(m => m.Ledger.At(0.5))):0.00} | "
                        + $"{Median(measured.Select(m => m.Ledger.At(0.99))):0.00} | {Median(measured.Select(m => m.Bare.Rate)):0} | "
                        + $"{met[load].Bare:0.00} | {Median(measured.Select(m => m.Bare.At(0.5))):0.00} | {met[load].Call:0.00} | "
                        + $"{Median(measured.Select(m => m.Single.Rate)):0} | {met[load].Single:0.0} |"
                )
            );
        }
        Console.WriteLine();
        // 32 writers that wait for each append can never have more than 32 in a call, hence not 50 times what one a call gives: that is
        // asked of those with several on their way.
        var (rate, several, call) = (met[(32, 1)].Bare, met[(32, 4)].Single, met.Where(m => m.Key.Item2 < 8).Max(m => m.Value.Call));
        var good = rate >= LeastOfBare && several >= LeastOfSingle && call <= MaxOfCall;
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Goals: 32 x 1 at least {LeastOfBare} x the bare rate ({rate:0.00}), 32 x 4 at least {LeastOfSingle} x one record a "
                    + $"call ({several:0.0}), their median appends and those of fewer writers at most {MaxOfCall} x a bare call "
                    + $"({call:0.00}): {(good ? "met" : "NOT MET")}"
            )
        );
        return good ? 0 : 1;
    }

    private static async Task<Run> LedgerAsync(Azurite azurite, string tenant, int writers, int each, int calls)
    {
        var counter = new Counter();
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    ["AzureWebJobsStorage"] = azurite.StateConnection,
                    ["EvidenceStorage"] = azurite.EvidenceConnection,
                }
            )
            .Build();
        await using var log = new AppendBlobEvidenceLog(
            new StateStorage(StorageOptions.Read(settings), counter),
            TimeProvider.System,
            NullLogger<AppendBlobEvidenceLog>.Instance
        );
        await log.AppendAsync(Record(tenant, -1), CancellationToken.None);
        counter.Reset();
        var times = new double[writers * each * calls];
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(
            Enumerable
                .Range(0, writers)
                .Select(writer =>
                    Task.Run(async () =>
                    {
                        for (var n = 0; n < calls; n++)
                            await Task.WhenAll(
                                Enumerable
                                    .Range(((writer * calls) + n) * each, each)
                                    .Select(async number =>
                                    {
                                        var began = watch.Elapsed;
                                        await log.AppendAsync(Record(tenant, number), CancellationToken.None);
                                        times[number] = (watch.Elapsed - began).TotalMilliseconds;
                                    })
                            );
                    })
                )
        );
        return new(watch.Elapsed.TotalSeconds, times.Length, counter.Count, times);
    }

    private static async Task<Run> BareAsync(Azurite azurite, string name, int batch, int calls)
    {
        var container = new BlobContainerClient(azurite.EvidenceConnection, "bare");
        await container.CreateIfNotExistsAsync();
        var blob = container.GetAppendBlobClient(name);
        await blob.CreateAsync();
        var bytes = Enumerable.Range(0, batch).SelectMany(n => (byte[])[.. Line(n), (byte)'\n']).ToArray();
        var times = new double[calls];
        var watch = Stopwatch.StartNew();
        for (var n = 0; n < calls; n++)
        {
            var began = watch.Elapsed;
            using var content = new MemoryStream(bytes, writable: false);
            await blob.AppendBlockAsync(content);
            times[n] = (watch.Elapsed - began).TotalMilliseconds;
        }
        return new(watch.Elapsed.TotalSeconds, times.Length * batch, times.Length, times);
    }

    private static byte[] Line(int number) => EvidenceLine.Create(Record("r0-32-1", number), new(2026, 11, 23, 6, 0, 0, TimeSpan.Zero));

    // As an offboarding's step writes it.
    private static EvidenceRecord Record(string tenant, int number) =>
        new()
        {
            Id = $"leaver-4711-1-20261123-remove-{number.ToString("000000", CultureInfo.InvariantCulture)}",
            Time = TimeProvider.System.GetUtcNow(),
            Actor = "LeaverCase (HR event)",
            Action = "offboarding.remove",
            TenantId = tenant,
            PolicySha256 = new('a', 64),
            Controls = ["LEAVE-001"],
            Outcome = "complete",
            Counts = new Dictionary<string, long> { ["done"] = 12, ["alreadySo"] = 1 },
            Subject = "leaver-4711-1",
            PlanId = new('b', 64),
            CorrelationId = "0af7651916cd43dd8448eb211c80319c",
        };

    private static double Median(IEnumerable<double> of)
    {
        var sorted = of.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }

    private static int Number(string[] args, string name, int otherwise)
    {
        var at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
    }

    /// <summary>One measured run.</summary>
    private sealed class Run(double seconds, int records, int calls, double[] times)
    {
        private readonly double[] _times = [.. times.Order()];

        public int Records => records;

        public int Calls => calls;

        public double Rate => records / seconds;

        public double At(double share) => _times[Math.Min(_times.Length - 1, (int)(_times.Length * share))];
    }

    private sealed class Counter : HttpPipelineTransport
    {
        private readonly HttpPipelineTransport _inner = new HttpClientTransport();
        private int _count;

        public int Count => _count;

        public void Reset() => _count = 0;

        public override Request CreateRequest() => _inner.CreateRequest();

        public override void Process(HttpMessage message)
        {
            Interlocked.Increment(ref _count);
            _inner.Process(message);
        }

        public override ValueTask ProcessAsync(HttpMessage message)
        {
            Interlocked.Increment(ref _count);
            return _inner.ProcessAsync(message);
        }
    }
}
