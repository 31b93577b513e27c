using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Compliance.AuditPack;
using Compliance.Changes.Approvals;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Ledger.Format;
using Compliance.Tests.Ledger.Verification;

namespace Compliance.Tests.AuditPack;

/// <summary>A place to make packs in, and what tests look at in them.</summary>
internal sealed partial class PackDesk : IDisposable
{
    public static readonly DateTimeOffset Start = LedgerFolder.Start;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public string Folder { get; } = Directory.CreateTempSubdirectory("pack-").FullName;

    public string File => Path.Combine(Folder, "pack.zip");

    public static Framework Soc2 =>
        Framework.TryFind("soc2", out var soc2) ? soc2 : throw new InvalidOperationException("SOC 2 is in the catalogue");

    /// <summary>A pack of so many seconds, where a record was logged every second.</summary>
    public static PackRequest Of(LedgerFolder ledger, long fromSecond, long toSecond, Framework? framework = null) =>
        new()
        {
            From = Start.AddSeconds(fromSecond),
            To = Start.AddSeconds(toSecond),
            Framework = framework ?? Soc2,
            Keys = [ledger.Key],
        };

    public Task<MadePack> MakeAsync(LedgerFolder ledger, PackRequest request, PackState? state = null) =>
        MakeAsync(ledger.Source, request, state);

    public Task<MadePack> MakeAsync(ILedgerSource source, PackRequest request, PackState? state = null) =>
        new EvidencePack(source, state is null ? null : new KnownState(state)).MakeAsync(request, File, Stop);

    /// <summary>The pack's files, unpacked into a folder.</summary>
    public string Unpack()
    {
        var to = Path.Combine(Folder, "unpacked");
        if (Directory.Exists(to))
            Directory.Delete(to, recursive: true);
        ZipFile.ExtractToDirectory(File, to);
        return to;
    }

    public string Read(string name)
    {
        using var zip = ZipFile.OpenRead(File);
        using var reader = new StreamReader(
            (
                zip.GetEntry(name)
                ?? throw new FileNotFoundException($"the pack has no {name}: {string.Join(", ", zip.Entries.Select(e => e.FullName))}")
            ).Open(),
            Encoding.UTF8
        );
        return reader.ReadToEnd();
    }

    /// <summary>All that a reader reads: without keys, hashes and signatures, whose random letters can spell a short name.</summary>
    public string Texts() => Encoded().Replace(string.Concat(Names().Select(Read)), "");

    [GeneratedRegex("[A-Za-z0-9+/=]{40,}")]
    private static partial Regex Encoded();

    public string[] Lines(string name) => Read(name).Split('\n')[..^1];

    public IReadOnlyList<string> Names()
    {
        using var zip = ZipFile.OpenRead(File);
        return [.. zip.Entries.Select(e => e.FullName)];
    }

    /// <summary>A finding that was opened a second after a record.</summary>
    public static Finding Finding(
        string control,
        long second,
        FindingStatus status = FindingStatus.Open,
        long? resolved = null,
        Detection? detection = null
    )
    {
        var d =
            detection
            ?? new Detection
            {
                ControlId = control,
                Severity = Severity.High,
                Subject = new(SubjectTypes.Application, string.Create(CultureInfo.InvariantCulture, $"app-{second}"), "billing"),
                Source = "graph/applications",
                Reason = "in use since 2025-01-01",
                NextStep = "rotate it",
                Owner = new("0f2c", "Ada Owner", "ada@example.com", "owner"),
            };
        return new()
        {
            Id = Compliance.Findings.Finding.IdOf("test", d.ControlId, d.Subject, d.Part),
            TenantId = "test",
            Status = status,
            Detection = d,
            OpenedAt = Start.AddSeconds(second),
            ChangedAt = Start.AddSeconds(resolved ?? second),
            ResolvedAt = resolved is { } at ? Start.AddSeconds(at) : null,
            RunId = "run-1",
        };
    }

    public static KnownApproval Approval(long second, params ApprovalAnswer[] answers) =>
        new(
            new()
            {
                Id = "case-77-aabbcc",
                TenantId = "test",
                PlanId = "aabbcc",
                CaseId = "case-77",
                SubjectId = "subject-9",
                Reasons = ["more than 10 leavers in an hour"],
                Guards = ["leavers-per-hour"],
                Controls = ["LEAVE-011"],
                PolicySha256 = "00",
                AskedAt = Start.AddSeconds(second),
                Deadline = Start.AddSeconds(second + 3600),
                InstanceId = "i",
                Answers = answers,
            },
            null
        );

    public static PackState State(
        IEnumerable<Finding>? findings = null,
        IEnumerable<KnownApproval>? approvals = null,
        Dictionary<string, string>? people = null
    ) => new([.. findings ?? []], [.. approvals ?? []], people ?? [], [.. PersonFilter.KnownTo(findings ?? [], approvals ?? [], [])]);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private sealed class KnownState(PackState state) : IPackState
    {
        public Task<PackState> ReadAsync(IReadOnlyCollection<string> controls, CancellationToken cancellationToken) =>
            Task.FromResult(state);
    }
}
