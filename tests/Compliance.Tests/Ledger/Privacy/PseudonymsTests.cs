using System.Text.RegularExpressions;
using Compliance.Ledger;
using Compliance.Ledger.Privacy;
using Testing;

namespace Compliance.Tests.Ledger.Privacy;

public sealed class PseudonymsOnAzuriteTests(AzuriteFixture accounts) : PseudonymsTests(accounts);

public sealed class PseudonymsInMemoryTests(MemoryStorageFixture accounts) : PseudonymsTests(accounts);

/// <summary>People in the ledger: by pseudonym, and only as long as somebody keeps who is who.</summary>
public abstract class PseudonymsTests(StorageFixture accounts)
{
    private readonly string _tenant = $"people-{Guid.CreateVersion7():N}";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // A process of its own, as far as what it remembers goes.
    private BlobPseudonyms Process() => new(Tests.Storage.Faults.Storage(accounts), TimeProvider.System);

    [Fact]
    public async Task Whoever_asks_first_or_at_once_a_person_has_one_pseudonym()
    {
        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Process().GetOrCreateAsync(_tenant, "leaver-1", Stop)));

        Assert.All(
            made,
            p => Assert.Equal((made[0].Name, Convert.ToHexString(made[0].Salt), "leaver-1"), (p.Name, Convert.ToHexString(p.Salt), p.Id))
        );
        Assert.Matches(new Regex("^p-[0-9a-f]{32}$"), made[0].Name);
        Assert.Equal(Pseudonym.SaltSize, made[0].Salt.Length);
        Assert.NotEqual(made[0].Name, (await Process().GetOrCreateAsync(_tenant, "leaver-2", Stop)).Name);
        Assert.NotEqual(made[0].Name, (await Process().GetOrCreateAsync($"{_tenant}-2", "leaver-1", Stop)).Name);
    }

    [Fact]
    public async Task Who_was_erased_is_somebody_new_and_nothing_tells_who_it_was()
    {
        var process = Process();
        var before = await process.GetOrCreateAsync(_tenant, "leaver-1", Stop);

        await process.EraseAsync(_tenant, "leaver-1", Stop);

        Assert.Null(await process.FindAsync(_tenant, "leaver-1", Stop));
        Assert.Null(await Process().FindAsync(_tenant, "leaver-1", Stop));
        Assert.NotEqual(before.Name, (await process.GetOrCreateAsync(_tenant, "leaver-1", Stop)).Name);
    }

    [Fact]
    public async Task A_record_names_nobody_and_salts_the_digests_of_their_documents()
    {
        const string digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        var written = new Written();
        var process = Process();
        var record = new EvidenceRecord
        {
            Id = "leaver-1-plan-answer-0a0b-1",
            Time = DateTimeOffset.UnixEpoch,
            Actor = "approver 0A0B",
            Action = "approval.answer",
            TenantId = _tenant,
            PolicySha256 = "",
            Controls = [],
            Outcome = "approved",
            Counts = new Dictionary<string, long>(),
            Subject = "leaver-1",
            Reason = "asked for by leaver-1",
            DetailsSha256 = new Dictionary<string, string> { ["plan.json"] = digest },
            CorrelationId = "leaver-1-plan",
            People = ["leaver-1", "0a0b"],
        };

        await new PseudonymousEvidenceLog(written, process).AppendAsync(record, Stop);
        await new PseudonymousEvidenceLog(written, Process()).AppendAsync(record, Stop);

        var person = await process.GetOrCreateAsync(_tenant, "leaver-1", Stop);
        var approver = await process.GetOrCreateAsync(_tenant, "0a0b", Stop);
        Assert.Equal(2, written.Records.Count);
        Assert.All(
            written.Records,
            r =>
            {
                Assert.Equal($"{person.Name}-plan-answer-{approver.Name}-1", r.Id);
                Assert.Equal(
                    ($"approver {approver.Name}", person.Name, $"asked for by {person.Name}", $"{person.Name}-plan"),
                    (r.Actor, r.Subject, r.Reason, r.CorrelationId)
                );
                Assert.Equal(person.Digest(digest), r.DetailsSha256!["plan.json"]);
                Assert.NotEqual(digest, r.DetailsSha256!["plan.json"]);
            }
        );
    }

    [Fact]
    public async Task A_record_about_nobody_stays_as_it_is()
    {
        var written = new Written();
        var record = new EvidenceRecord
        {
            Id = "run-1",
            Time = DateTimeOffset.UnixEpoch,
            Actor = "timer",
            Action = "credentials.check",
            TenantId = _tenant,
            PolicySha256 = "",
            Controls = [],
            Outcome = "complete",
            Counts = new Dictionary<string, long>(),
            CorrelationId = "c",
        };

        await new PseudonymousEvidenceLog(written, Process()).AppendAsync(record, Stop);

        Assert.Same(record, Assert.Single(written.Records));
    }

    private sealed class Written : IEvidenceLog
    {
        public List<EvidenceRecord> Records { get; } = [];

        public Task<EvidenceReceipt> AppendAsync(EvidenceRecord record, CancellationToken cancellationToken)
        {
            Records.Add(record);
            return Task.FromResult(new EvidenceReceipt(record.Id, "", 0, ""));
        }
    }
}
