using System.Text;
using Compliance.Credentials;
using Compliance.Findings;
using Compliance.Runs;
using Compliance.Tests.Storage;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace Compliance.Tests.Credentials;

/// <summary>What becomes of a message on queue vault-events, over a tenant in memory and real storage (Azurite).</summary>
public sealed class VaultEventIntakeTests(AzuriteFixture azurite)
{
    private const string Subscription = "aaaaaaaa-0000-0000-0000-000000000001";
    private const string Vault = $"/subscriptions/{Subscription}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-hr";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_event_has_its_object_read_again_whichever_way_it_is_encoded(bool base64)
    {
        var given = new Given(azurite);

        await given.Intake.AcceptAsync(base64 ? Convert.ToBase64String(Encoding.UTF8.GetBytes(Event())) : Event(), Stop);

        Assert.Equal(["CRED-001 https://kv-hr.vault.azure.net/secrets/db  Open"], await given.FindingsAsync());
    }

    [Fact]
    public async Task A_message_that_an_earlier_version_left_in_its_queue_has_its_object_read_again()
    {
        var given = new Given(azurite);

        // As ComplianceFunctions wrote it to keyvault-events: Base64.
        await given.Intake.AcceptAsync(
            "eyJ2YXVsdCI6Imt2LWhyIiwiY29sbGVjdGlvbiI6InNlY3JldHMiLCJvYmplY3ROYW1lIjoiZGIiLCJldmVudFR5cGUi"
                + "OiJNaWNyb3NvZnQuS2V5VmF1bHQuU2VjcmV0TmVhckV4cGlyeSIsInJ1bklkIjoia3YtMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3In0=",
            Stop
        );

        Assert.Equal(["CRED-001 https://kv-hr.vault.azure.net/secrets/db  Open"], await given.FindingsAsync());
    }

    [Fact]
    public async Task A_message_that_cannot_be_taken_in_is_a_finding_with_its_reason_until_everything_was_read()
    {
        var given = new Given(azurite);
        var message = Event().Replace("\"kv-hr\"", "\"../x\"", StringComparison.Ordinal);

        // The queue tries five times: one finding.
        for (var attempt = 0; attempt < 5; attempt++)
        {
            given.Time.Advance(TimeSpan.FromSeconds(30));
            await Assert.ThrowsAsync<VaultEventException>(() => given.Intake.AcceptAsync(message, Stop));
        }

        var finding = Assert.Single(await given.StoredAsync());
        Assert.Equal((FindingStatus.Open, true), (finding.Status, finding.Detection.Unknown));
        Texts.Credentials.Expect("an event that cannot be taken in", finding.Detection.Reason);
        Assert.Equal([$"GAP-001 keyvault/events {finding.Detection.Part} Open"], await given.FindingsAsync());
        Texts.Credentials.Expect(
            "the log's line of an event that cannot be taken in",
            given.Log.LatestRecord.Message.Replace($" {finding.Detection.Part} ", " KEY ", StringComparison.Ordinal)
        );

        given.Tenant.Refused.Add(Sources.Applications);
        await given.CheckAllAsync();
        Assert.Contains($"GAP-001 keyvault/events {finding.Detection.Part} Open", await given.FindingsAsync());
        given.Tenant.Refused.Clear();
        await given.CheckAllAsync();
        Assert.Contains($"GAP-001 keyvault/events {finding.Detection.Part} Resolved", await given.FindingsAsync());
    }

    [Fact]
    public async Task An_object_that_cannot_be_read_is_a_finding_until_a_later_attempt_reads_it()
    {
        var given = new Given(azurite);
        given.Tenant.Refused.Add(Sources.Vault(Vault, "secrets"));

        await Assert.ThrowsAsync<VaultObjectException>(() => given.Intake.AcceptAsync(Event(), Stop));
        var other = Event().Replace("\"e1\"", "\"e2\"", StringComparison.Ordinal);
        await Assert.ThrowsAsync<VaultObjectException>(() => given.Intake.AcceptAsync(other, Stop));

        var open = await given.StoredAsync();
        Assert.All(
            open,
            f =>
            {
                Assert.Equal(("grant it", Sources.VaultEvents), (f.Detection.NextStep, f.Detection.Subject.Id));
                Texts.Credentials.Expect("an object that cannot be read after an event", f.Detection.Reason);
            }
        );
        Assert.Equal(2, open.Count);

        given.Tenant.Refused.Clear();
        given.Time.Advance(TimeSpan.FromSeconds(30));
        await given.Intake.AcceptAsync(Event(), Stop);

        var parts = open.Select(f => f.Detection.Part).ToList();
        var first = VaultObjectEvent.Read(Event(), out _)!.RunId;
        Assert.Equal(
            [
                "CRED-001 https://kv-hr.vault.azure.net/secrets/db  Open",
                .. parts.Select(p => $"GAP-001 keyvault/events {p} {(p == first ? "Resolved" : "Open")}").Order(StringComparer.Ordinal),
            ],
            await given.FindingsAsync()
        );
    }

    [Fact]
    public async Task An_event_of_a_vault_about_no_object_is_passed_over_by_name()
    {
        var given = new Given(azurite);

        await given.Intake.AcceptAsync(Event().Replace("SecretNearExpiry", "VaultAccessPolicyChanged", StringComparison.Ordinal), Stop);

        Texts.Credentials.Expect("the log's line of an event about no object", given.Log.LatestRecord.Message);
        Assert.Empty(await given.FindingsAsync());
    }

    private static string Event() =>
        """
        {"specversion":"1.0","id":"e1","source":"/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv-hr",
         "type":"Microsoft.KeyVault.SecretNearExpiry","subject":"db","data":{"VaultName":"kv-hr","ObjectType":"Secret","ObjectName":"db"}}
        """;

    [Fact]
    public async Task A_message_that_cannot_be_taken_in_stays_a_finding_while_a_vault_is_hidden()
    {
        var given = new Given(azurite);
        await given.CheckAllAsync();
        await Assert.ThrowsAsync<VaultEventException>(() =>
            given.Intake.AcceptAsync(Event().Replace("\"kv-hr\"", "\"../x\"", StringComparison.Ordinal), Stop)
        );
        var part = Assert.Single(await given.StoredAsync(), f => f.Detection.Source == Sources.VaultEvents).Detection.Part;

        given.Tenant.Resources.Clear();
        given.Tenant.Credentials.Clear();
        await given.CheckAllAsync();
        Assert.Contains($"GAP-001 keyvault/events {part} Open", await given.FindingsAsync());

        given.Tenant.Resources.Add(Vault);
        await given.CheckAllAsync();
        Assert.Contains($"GAP-001 keyvault/events {part} Resolved", await given.FindingsAsync());
    }

    private sealed class Given
    {
        private static readonly DateTimeOffset Start = new(2026, 11, 23, 6, 0, 0, TimeSpan.Zero);

        // Each test is a tenant of its own: that keeps them apart in the shared Azurite.
        private readonly string _tenantId = new Guid(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16)).ToString();
        private readonly TableFindingStore _findings;
        private readonly CredentialRotationCheck _check;

        public Given(AzuriteFixture azurite)
        {
            var (storage, _) = Faults.On(azurite);
            _findings = new TableFindingStore(storage);
            Tenant.TenantId = _tenantId;
            Tenant.Subscriptions[Subscription] = "production";
            Tenant.Resources.Add(Vault);
            Tenant.Credentials.Add(
                new Credential
                {
                    Kind = CredentialKind.VaultSecret,
                    Subject = new Subject(SubjectTypes.VaultSecret, "https://kv-hr.vault.azure.net/secrets/db", "kv-hr/db"),
                    Source = Sources.Vault(Vault, "secrets"),
                    ResourceId = Vault,
                    Started = Start.AddDays(-300),
                    Expires = Start.AddDays(60),
                }
            );
            var policy = new ShippedPolicy();
            _check = CheckOver.Tenant(Tenant, policy, storage, Time);
            Intake = new VaultEventIntake(_check, policy, Tenant, new FindingWriter(_findings), Time, Log);
        }

        public FakeTimeProvider Time { get; } = new(Start);

        public FakeTenant Tenant { get; } = new();

        public FakeLogger<VaultEventIntake> Log { get; } = new();

        public VaultEventIntake Intake { get; }

        public Task<CredentialReport> CheckAllAsync()
        {
            Time.Advance(TimeSpan.FromHours(1));
            return _check.RunAsync(RunRequest.New("cred", "timer", Time.GetUtcNow()), Stop);
        }

        public async Task<IReadOnlyList<Finding>> StoredAsync() =>
            [.. (await _findings.LoadAsync(_tenantId, CredentialControls.All, Stop)).Values.Select(f => f.Finding)];

        public async Task<IEnumerable<string>> FindingsAsync() =>
            (await StoredAsync())
                .Where(f => f.Detection.ControlId is "CRED-001" or "GAP-001")
                .Select(f => $"{f.Detection.ControlId} {f.Detection.Subject.Id} {f.Detection.Part} {f.Status}")
                .Order(StringComparer.Ordinal);
    }

    private sealed class ShippedPolicy : ICredentialPolicySource
    {
        public CredentialPolicy Load(DateTimeOffset now) => CredentialPolicyLoader.Load("version: 1\n", "credentials.yaml", now);
    }
}
