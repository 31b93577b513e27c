using Azure.Storage.Blobs.Specialized;
using Compliance.Controls;
using Compliance.Credentials;
using Compliance.Findings;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Tests.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace Compliance.Tests.Credentials;

/// <summary>The whole run over a tenant in memory and real storage (Azurite).</summary>
public sealed class CredentialRotationCheckTests : IDisposable
{
    private const string Subscription = "aaaaaaaa-0000-0000-0000-000000000001";
    private const string Vault = $"/subscriptions/{Subscription}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-hr";

    private static readonly DateTimeOffset Start = new(2026, 11, 23, 6, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Start);
    private readonly FakeTenant _tenant = new();
    private readonly StateStorage _storage;
    private readonly AzuriteFixture _azurite;
    private string _tenantId;

    public CredentialRotationCheckTests(AzuriteFixture azurite)
    {
        _azurite = azurite;
        // Each test is a tenant of its own: that keeps them apart in the shared Azurite.
        _tenantId = new Guid(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16)).ToString();
        _tenant.TenantId = _tenantId;
        _tenant.Subscriptions[Subscription] = "production";
        _tenant.Resources.Add(Vault);
        var settings = new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = azurite.StateConnection,
            ["EvidenceStorage"] = azurite.EvidenceConnection,
        };
        _storage = new StateStorage(StorageOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => GC.SuppressFinalize(this);

    [Fact]
    public async Task An_old_secret_is_a_finding_with_its_owner_and_the_run_leaves_evidence()
    {
        _tenant.Credentials.Add(ClientSecret("billing", ageDays: 200));
        _tenant.Owners["billing"] = new OwnerAnswer([new OwnerEntry("u1", true, "Ada Fischer", "ada@example.org", true)], null);

        var report = await RunAsync();

        var finding = Assert.Single(report.Findings, f => f.Control == "CRED-001");
        Assert.Equal(
            (200, "ada@example.org", "billing", FindingStatus.Open),
            (finding.AgeDays, finding.Owner, finding.Subject.Name, finding.Status)
        );
        Assert.True(report.Run.Complete);
        Assert.Empty(report.Unknown);
        var line = Assert.Single(await EvidenceAsync());
        Assert.Contains(report.Evidence.RecordId, line, StringComparison.Ordinal);
        Assert.Contains(report.Evidence.FindingsSha256, line, StringComparison.Ordinal);
        Assert.DoesNotContain("ada@", line, StringComparison.OrdinalIgnoreCase);
    }

    // A question about one object is a read as any other: a refusal is no pass.
    [Theory]
    [InlineData("graph/owners")]
    [InlineData("graph/people")]
    [InlineData("keyvault/rotationPolicies")]
    [InlineData("graph/ownedObjects/ada@example.org")]
    public async Task A_question_that_is_refused_leaves_the_run_incomplete_until_it_is_answered(string source)
    {
        const string policy = """
            version: 1
            fallbackOwner: ada@example.org
            overrides:
              - { name: one, match: { owner: ada@example.org }, rules: { maxAge: 30d }, reason: asked for }
            """;
        var refused = new OwnerAnswer([], "403, refused", "Application.Read.All", "Grant it");
        _tenant.Credentials.AddRange([ClientSecret("billing", ageDays: 200), VaultKey("wrap")]);
        if (source == Sources.Owners)
            _tenant.Owners["billing"] = refused;
        if (source == Sources.People)
            _tenant.Owners["ada@example.org"] = refused;
        _tenant.RotationUnread = source == Sources.RotationPolicies ? "403, refused" : null;
        _tenant.OwnedUnread = source == Sources.OwnedBy("ada@example.org") ? "403, refused" : null;

        var first = await RunAsync(policy: policy);
        _tenant.Owners.Clear();
        (_tenant.RotationUnread, _tenant.OwnedUnread) = (null, null);
        _time.Advance(TimeSpan.FromHours(1));
        var second = await RunAsync(policy: policy);

        Assert.Equal((false, true), (first.Run.Complete, second.Run.Complete));
        Assert.Equal(source, Assert.Single(first.Unknown, u => u.Scope == "source").Source);
        Assert.Equal(source, Assert.Single(first.Findings, f => f.Control == "GAP-001").Subject.Id);
        Assert.Equal(FindingStatus.Resolved, Assert.Single(second.Findings, f => f.Control == "GAP-001").Status);
        Assert.DoesNotContain(second.Unknown, u => u.Scope == "source");
    }

    [Fact]
    public async Task The_gap_of_a_user_whom_no_override_names_any_more_resolves()
    {
        const string policy = """
            version: 1
            overrides:
              - { name: one, match: { owner: ada@example.org }, rules: { maxAge: 30d }, reason: asked for }
            """;
        _tenant.OwnedUnread = "403, refused";
        var first = await RunAsync(policy: policy);
        _time.Advance(TimeSpan.FromHours(1));

        var second = await RunAsync(policy: "version: 1");

        Assert.Equal(FindingStatus.Open, Assert.Single(first.Findings, f => f.Control == "GAP-001").Status);
        Assert.Equal(FindingStatus.Resolved, Assert.Single(second.Findings, f => f.Control == "GAP-001").Status);
        Assert.True(second.Run.Complete);
    }

    [Fact]
    public async Task The_gap_of_a_subscription_that_policy_retires_resolves()
    {
        _tenant.Refused.Add(Sources.Resources(Subscription));
        var first = await RunAsync();
        _tenant.Refused.Clear();
        _tenant.Subscriptions.Clear();
        _time.Advance(TimeSpan.FromHours(1));

        var second = await RunAsync(policy: $"version: 1\nscope: {{ retiredSubscriptions: [{Subscription}] }}\n");

        Assert.Equal(FindingStatus.Open, Assert.Single(first.Findings, f => f.Control == "GAP-001").Status);
        Assert.Equal(
            FindingStatus.Resolved,
            Assert.Single(second.Findings, f => f.Control == "GAP-001" && f.Subject.Id == Sources.Resources(Subscription)).Status
        );
    }

    [Fact]
    public async Task The_same_tenant_read_twice_changes_no_finding_the_second_time()
    {
        _tenant.Credentials.Add(ClientSecret("billing", ageDays: 200));
        _tenant.Credentials.Add(ClientSecret("crm", ageDays: 100));
        await RunAsync();
        var before = await StoredAsync();

        _time.Advance(TimeSpan.FromDays(1));
        var second = await RunAsync();

        Assert.Equal(before.Select(f => (f.Key, f.Value.ETag)).Order(), (await StoredAsync()).Select(f => (f.Key, f.Value.ETag)).Order());
        Assert.Equal((0L, 0L), (second.Run.Counts["opened"], second.Run.Counts["resolved"]));
        Assert.Equal(201, second.Findings.First(f => f.Subject.Name == "billing" && f.Control == "CRED-001").AgeDays);
    }

    [Fact]
    public async Task A_rotated_secret_resolves_its_findings_and_an_old_one_that_comes_back_reopens_them()
    {
        var old = ClientSecret("billing", ageDays: 200);
        _tenant.Credentials.Add(old);
        var opened = await RunAsync();
        _tenant.Credentials.Clear();
        _time.Advance(TimeSpan.FromHours(1));
        var resolved = await RunAsync();
        _tenant.Credentials.Add(old);
        _time.Advance(TimeSpan.FromHours(1));
        var reopened = await RunAsync();

        Assert.All(resolved.Findings, f => Assert.Equal(FindingStatus.Resolved, f.Status));
        Assert.Equal(opened.Findings.Select(f => f.Id).Order(), resolved.Findings.Select(f => f.Id).Order());
        Assert.Equal(opened.Findings.Count, reopened.Run.Counts["reopened"]);
    }

    [Fact]
    public async Task A_source_that_refuses_us_resolves_nothing_and_is_itself_a_finding()
    {
        _tenant.Credentials.Add(ClientSecret("billing", ageDays: 200));
        await RunAsync();
        _tenant.Refused.Add(Sources.Applications);
        _time.Advance(TimeSpan.FromHours(1));

        var report = await RunAsync();

        Assert.False(report.Run.Complete);
        Assert.Equal(Sources.Applications, Assert.Single(report.Unknown).Source);
        Assert.Single(report.Findings, f => f.Control == "GAP-001" && f.Severity == Severity.High);
        Assert.Equal(FindingStatus.Open, report.Findings.First(f => f.Control == "CRED-001").Status);
        Assert.Equal(0, report.Run.Counts["resolved"]);
    }

    [Fact]
    public async Task A_gap_is_resolved_by_the_next_complete_read()
    {
        _tenant.Refused.Add(Sources.Applications);
        await RunAsync();
        _tenant.Refused.Clear();
        _time.Advance(TimeSpan.FromHours(1));

        var report = await RunAsync();

        Assert.True(report.Run.Complete);
        Assert.Equal(FindingStatus.Resolved, report.Findings.Single(f => f.Control == "GAP-001").Status);
    }

    [Fact]
    public async Task A_vault_that_is_no_longer_listed_is_a_gap_and_resolves_its_findings_only_when_the_service_says_it_is_gone()
    {
        _tenant.Credentials.Add(VaultSecret("db", ageDays: 100));
        await RunAsync();
        _tenant.Credentials.Clear();
        _tenant.Resources.Clear();
        var hidden = await AnHourLaterAsync();
        var stillHidden = await AnHourLaterAsync();
        _tenant.Gone.Add(Vault);
        var gone = await AnHourLaterAsync();

        Assert.Equal([("CRED-001", FindingStatus.Open), ("GAP-001", FindingStatus.Open)], Shown(hidden));
        Assert.Equal(Shown(hidden), Shown(stillHidden));
        Assert.Equal((false, false, true), (hidden.Run.Complete, stillHidden.Run.Complete, gone.Run.Complete));
        var unknown = Assert.Single(hidden.Unknown);
        Assert.Equal(
            new ReportUnknown(
                Sources.Resources(Subscription),
                new Subject(SubjectTypes.Vault, Vault.ToLowerInvariant(), "kv-hr"),
                unknown.Reason,
                "Reader",
                "grant Reader",
                "source"
            ),
            unknown
        );
        Texts.Credentials.Expect("a vault that is no longer listed", unknown.Reason);
        Assert.Equal([("CRED-001", FindingStatus.Resolved), ("GAP-001", FindingStatus.Resolved)], Shown(gone));
    }

    [Fact]
    public async Task A_vault_that_is_listed_again_ends_its_gap_and_its_secrets_are_judged_as_before()
    {
        var old = VaultSecret("db", ageDays: 100);
        _tenant.Credentials.Add(old);
        await RunAsync();
        _tenant.Credentials.Clear();
        _tenant.Resources.Clear();
        await AnHourLaterAsync();
        _tenant.Credentials.Add(old);
        _tenant.Resources.Add(Vault);

        var back = await AnHourLaterAsync();

        Assert.Equal([("CRED-001", FindingStatus.Open), ("GAP-001", FindingStatus.Resolved)], Shown(back));
        Assert.Equal((true, 0L), (back.Run.Complete, back.Run.Counts["reopened"]));
    }

    [Fact]
    public async Task A_vault_with_nothing_wrong_that_is_no_longer_listed_is_a_gap_until_the_service_says_it_is_gone()
    {
        await RunAsync();
        _tenant.Resources.Clear();
        var hidden = await AnHourLaterAsync();
        _tenant.Gone.Add(Vault);
        var gone = await AnHourLaterAsync();
        _tenant.Asked.Clear();
        var after = await AnHourLaterAsync();

        Assert.Equal([("GAP-001", FindingStatus.Open)], Shown(hidden));
        Assert.Equal([("GAP-001", FindingStatus.Resolved)], Shown(gone));
        Assert.Equal((false, true, true), (hidden.Run.Complete, gone.Run.Complete, after.Run.Complete));
        Assert.Empty(_tenant.Asked);
    }

    [Fact]
    public async Task A_list_that_was_not_read_says_nothing_of_the_vaults_it_does_not_show()
    {
        await RunAsync();
        _tenant.Resources.Clear();
        _tenant.Refused.Add(Sources.Resources(Subscription));

        var unread = await AnHourLaterAsync();

        Assert.Equal(Sources.Resources(Subscription), Assert.Single(unread.Unknown).Subject.Id);
        Assert.Empty(_tenant.Asked);
    }

    [Theory]
    [InlineData("Contoso.Made/up")]
    [InlineData("Microsoft.Devices/provisioningServices")] // no rule judges it, though its provider has a type that one does
    public async Task A_resource_of_a_type_that_cannot_be_asked_for_is_not_remembered(string type)
    {
        _tenant.Resources.Add($"/subscriptions/{Subscription}/resourceGroups/rg/providers/{type}/one");
        await RunAsync();
        _tenant.Resources.RemoveAt(1);

        Assert.True((await AnHourLaterAsync()).Run.Complete);
    }

    [Fact]
    public async Task Of_a_vault_in_a_hidden_subscription_nothing_is_asked_and_the_subscription_alone_is_the_gap()
    {
        _tenant.Credentials.Add(VaultSecret("db", ageDays: 100));
        await RunAsync();
        _tenant.Credentials.Clear();
        _tenant.Resources.Clear();
        _tenant.Subscriptions.Clear();
        // A service that does not show the subscription may answer 404 for everything in it.
        _tenant.Gone.Add(Vault);
        var hidden = await AnHourLaterAsync();
        _tenant.Gone.Add($"/subscriptions/{Subscription}");
        var gone = await AnHourLaterAsync();

        Assert.Equal([("CRED-001", FindingStatus.Open), ("GAP-002", FindingStatus.Open)], Shown(hidden));
        Assert.DoesNotContain(_tenant.Asked, id => id.Contains("/vaults/", StringComparison.OrdinalIgnoreCase));
        Assert.Equal([("CRED-001", FindingStatus.Resolved), ("GAP-002", FindingStatus.Resolved)], Shown(gone));
    }

    [Fact]
    public async Task A_retired_subscription_is_no_gap_and_what_was_found_in_it_stays_open()
    {
        _tenant.Credentials.Add(VaultSecret("db", ageDays: 100));
        await RunAsync();
        _tenant.Credentials.Clear();
        _tenant.Resources.Clear();
        _tenant.Subscriptions.Clear();
        _time.Advance(TimeSpan.FromHours(1));

        var policy = $"version: 1\nscope: {{ retiredSubscriptions: [{Subscription}] }}\n";
        var retired = await Check(_tenant, policy).RunAsync(RunRequest.New("cred", "timer", _time.GetUtcNow()), Stop);

        Assert.Equal([("CRED-001", FindingStatus.Open)], Shown(retired));
    }

    [Fact]
    public async Task A_subscription_that_is_shown_to_us_again_ends_its_gap()
    {
        await RunAsync();
        _tenant.Subscriptions.Clear();
        await AnHourLaterAsync();
        _tenant.Subscriptions[Subscription] = "production";

        var back = await AnHourLaterAsync();

        Assert.Equal([("GAP-002", FindingStatus.Resolved)], Shown(back));
    }

    [Fact]
    public async Task A_subscription_that_is_no_longer_shown_to_us_is_a_finding_until_it_is_seen_gone()
    {
        await RunAsync();
        _tenant.Subscriptions.Clear();
        _time.Advance(TimeSpan.FromHours(1));
        var hidden = await RunAsync();
        _tenant.Gone.Add($"/subscriptions/{Subscription}");
        _time.Advance(TimeSpan.FromHours(1));
        var gone = await RunAsync();

        Assert.False(hidden.Run.Complete);
        Assert.Equal($"/subscriptions/{Subscription}", Assert.Single(hidden.Findings, f => f.Control == "GAP-002").Subject.Id);
        Assert.True(gone.Run.Complete);
        Assert.DoesNotContain(gone.Findings, f => f.Control == "GAP-002" && f.Status == FindingStatus.Open);
    }

    [Fact]
    public async Task Findings_of_another_tenant_are_left_alone()
    {
        _tenant.Credentials.Add(ClientSecret("billing", ageDays: 200));
        await RunAsync();
        var before = await StoredAsync();
        _tenant.Credentials.Clear();
        _tenant.TenantId = new Guid(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16)).ToString();
        _time.Advance(TimeSpan.FromHours(1));

        await RunAsync();

        Assert.Equal(before.Select(f => (f.Key, f.Value.ETag)).Order(), (await StoredAsync()).Select(f => (f.Key, f.Value.ETag)).Order());
    }

    [Fact]
    public async Task A_run_overtaken_by_a_newer_one_neither_resolves_nor_overwrites_what_that_one_found()
    {
        var fresh = ClientSecret("billing", ageDays: 200);
        var slow = new FakeTenant { TenantId = _tenantId };
        slow.Subscriptions[Subscription] = "production";
        slow.WhileReading = async () =>
        {
            _time.Advance(TimeSpan.FromMinutes(5));
            _tenant.Credentials.Add(fresh);
            await RunAsync();
        };

        var overtaken = await RunAsync(slow);

        Assert.Contains(overtaken.Run.Warnings, w => w.Contains("newer run", StringComparison.Ordinal));
        Assert.Contains(
            (await StoredAsync()).Values,
            f => f.Finding.Detection.ControlId == "CRED-001" && f.Finding.Status == FindingStatus.Open
        );
    }

    [Fact]
    public async Task A_redelivered_request_leaves_one_evidence_record()
    {
        _tenant.Credentials.Add(ClientSecret("billing", ageDays: 200));
        var request = RunRequest.New("cred", "manual", _time.GetUtcNow());

        await Check(_tenant).RunAsync(request, Stop);
        await Check(_tenant).RunAsync(request, Stop);

        Assert.Single(await EvidenceAsync());
    }

    [Fact]
    public async Task A_bad_policy_fails_the_run_with_file_and_line_and_reads_nothing()
    {
        _tenant.WhileReading = () => throw new InvalidOperationException("the tenant was read");
        var request = RunRequest.New("cred", "manual", _time.GetUtcNow());

        await Assert.ThrowsAsync<Compliance.Policies.PolicyException>(() =>
            Check(_tenant, "version: 1\nnonsense: 3\n").RunAsync(request, Stop)
        );

        var document = await Documents.LoadAsync<CredentialReport>(request.RunId, Stop);
        Assert.Equal(RunStates.Failed, document!.State);
        Assert.Contains("credentials.yaml(2,", document.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_near_expiry_event_brings_the_findings_of_that_one_object_up_to_date()
    {
        _tenant.Credentials.Add(VaultSecret("db", ageDays: 300));
        _tenant.Credentials.Add(VaultSecret("other", ageDays: 300));
        await RunAsync();
        _tenant.Credentials.RemoveAll(c => c.Subject.Name == "kv-hr/db");
        _time.Advance(TimeSpan.FromHours(1));

        var findings = await Check(_tenant)
            .RecheckAsync(VaultObjectEvent.From("kv-hr", "secrets", "db", "Microsoft.KeyVault.SecretNearExpiry", "e1"), Stop);

        Assert.All(findings, f => Assert.Equal(("kv-hr/db", FindingStatus.Resolved), (f.Subject.Name, f.Status)));
        Assert.NotEmpty(findings);
        Assert.Contains(
            (await StoredAsync()).Values,
            f => f.Finding.Detection.Subject.Name == "kv-hr/other" && f.Finding.Status == FindingStatus.Open
        );
    }

    [Fact]
    public async Task An_object_that_cannot_be_read_again_fails_the_message_so_that_it_is_tried_again()
    {
        _tenant.Refused.Add(Sources.Vault(Vault, "secrets"));

        var failed = await Assert.ThrowsAsync<VaultObjectException>(() =>
            Check(_tenant).RecheckAsync(VaultObjectEvent.From("kv-hr", "secrets", "db", "Microsoft.KeyVault.SecretExpired", "e1"), Stop)
        );

        Assert.Contains("403", failed.Message, StringComparison.Ordinal);
        Assert.False(failed.IsUnknown);
    }

    [Theory]
    [InlineData("graph/people")]
    [InlineData("keyvault/rotationPolicies")]
    [InlineData("graph/ownedObjects/ada@example.org")]
    public async Task A_question_that_is_refused_after_an_event_fails_its_message_and_is_recorded_as_incomplete(string source)
    {
        const string policy = """
            version: 1
            fallbackOwner: ada@example.org
            overrides:
              - { name: one, match: { owner: ada@example.org }, rules: { maxAge: 30d }, reason: asked for }
            """;
        _tenant.Credentials.Add(VaultKey("wrap"));
        if (source == Sources.People)
            _tenant.Owners["ada@example.org"] = new OwnerAnswer([], "403, refused", "User.Read.All", "Grant it");
        _tenant.RotationUnread = source == Sources.RotationPolicies ? "403, refused" : null;
        _tenant.OwnedUnread = source == Sources.OwnedBy("ada@example.org") ? "403, refused" : null;
        var changed = VaultObjectEvent.From("kv-hr", "keys", "wrap", "Microsoft.KeyVault.KeyNearExpiry", "e1");

        var failed = await Assert.ThrowsAsync<VaultObjectException>(() => Check(_tenant, policy).RecheckAsync(changed, Stop));

        Texts.Credentials.Expect("a question that is refused after an event", source, failed.Message);
        Assert.Contains("\"outcome\":\"incomplete\"", Assert.Single(await EvidenceAsync()), StringComparison.Ordinal);
        var gap = Assert.Single((await StoredAsync()).Values, f => f.Finding.Detection.ControlId == "GAP-001").Finding;
        Assert.Equal((Sources.VaultEvents, FindingStatus.Open), (gap.Detection.Source, gap.Status));
    }

    [Theory]
    [InlineData("kv-none", "db")]
    [InlineData("kv-hr", "none")]
    public async Task A_vault_or_object_that_is_mistyped_by_hand_is_named_and_is_no_finding(string vault, string name)
    {
        _tenant.Credentials.Add(VaultSecret("db", ageDays: 300));

        var failed = await Assert.ThrowsAsync<VaultObjectException>(() =>
            Check(_tenant).RecheckAsync(VaultObjectEvent.From(vault, "secrets", name, VaultObjectEvent.ByHand, "e1"), Stop)
        );

        Assert.True(failed.IsUnknown);
        Texts.Credentials.Expect("a vault or object that is not there", [vault, name], failed.Message);
        Assert.Empty(await StoredAsync());
    }

    [Fact]
    public async Task An_event_about_a_vault_that_is_not_shown_stays_a_finding()
    {
        var failed = await Assert.ThrowsAsync<VaultObjectException>(() =>
            Check(_tenant).RecheckAsync(VaultObjectEvent.From("kv-none", "secrets", "db", "Microsoft.KeyVault.SecretExpired", "e1"), Stop)
        );

        Assert.True(failed.IsUnknown);
        Assert.Single((await StoredAsync()).Values, f => f.Finding.Detection.ControlId == "GAP-001");
    }

    [Fact]
    public async Task A_finding_names_the_part_that_a_waiver_takes()
    {
        _tenant.Credentials.Add(VaultSecret("db", ageDays: 300));
        _tenant.Credentials.Add(VaultSecret("old", ageDays: 300) with { Part = "aaaaaaaa-0000-0000-0000-000000000001" });

        var report = await RunAsync();

        Assert.Equal(
            ["aaaaaaaa-0000-0000-0000-000000000001"],
            report.Findings.Where(f => f.Subject.Name == "kv-hr/old").Select(f => f.Part).Distinct()
        );
        Assert.All(report.Findings.Where(f => f.Subject.Name == "kv-hr/db"), f => Assert.Null(f.Part));
    }

    [Fact]
    public async Task With_storage_down_the_run_fails_before_the_tenant_is_read()
    {
        _tenant.WhileReading = () => throw new InvalidOperationException("the tenant was read");
        var settings = new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = Closed("devstoreaccount1"),
            ["EvidenceStorage"] = Closed("devstoreevidence"),
        };
        var down = new StateStorage(
            StorageOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()),
            retryDelay: TimeSpan.FromMilliseconds(1)
        );

        var failed = await Assert.ThrowsAnyAsync<Exception>(() =>
            Check(_tenant, storage: down).RunAsync(RunRequest.New("cred", "timer", _time.GetUtcNow()), Stop)
        );

        Assert.DoesNotContain("the tenant was read", failed.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Storage_lost_at_any_request_of_a_run_does_no_harm_and_the_same_run_again_is_whole()
    {
        _tenant.Credentials.Add(ClientSecret("billing", ageDays: 200));
        _tenant.Credentials.Add(VaultSecret("db", ageDays: 300));
        var (counting, wire) = Faults.On(_azurite);
        var whole = await Check(_tenant, storage: counting).RunAsync(RunRequest.New("cred", "manual", _time.GetUtcNow()), Stop);
        var failures = 0;

        for (var last = 0; last < wire.Requests.Count; last++)
        {
            _tenant.TenantId = _tenantId = new Guid(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16)).ToString();
            var (storage, faults) = Faults.On(_azurite);
            var from = last;
            faults.Before = (_, number) => number > from ? Faults.Answer(System.Net.HttpStatusCode.InternalServerError) : null;
            var request = RunRequest.New("cred", "manual", _time.GetUtcNow());
            failures += await Record.ExceptionAsync(() => Check(_tenant, storage: storage).RunAsync(request, Stop)) is null ? 0 : 1;
            var again = await Check(_tenant).RunAsync(request, Stop);

            Assert.Equal(
                whole.Findings.Select(f => (f.Control, f.Subject.Name, f.Status)),
                again.Findings.Select(f => (f.Control, f.Subject.Name, f.Status))
            );
            Assert.All((await StoredAsync()).Values, f => Assert.Equal(FindingStatus.Open, f.Finding.Status));
            Assert.Single(await EvidenceAsync());
        }
        Assert.True(failures > 10, $"only {failures} runs were disturbed");
    }

    private static string Closed(string account) =>
        $"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={Convert.ToBase64String(new byte[64])};BlobEndpoint=http:"
            + $"//127.0.0.1:9/{account};"
        + $"QueueEndpoint=http://127.0.0.1:9/{account};TableEndpoint=http://127.0.0.1:9/{account};";

    private BlobRunDocuments Documents => new(_storage.Blobs.GetBlobContainerClient(BlobRunDocuments.Container));

    private static (string, FindingStatus)[] Shown(CredentialReport report) =>
        [.. report.Findings.Select(f => (f.Control, f.Status)).Order()];

    private Task<CredentialReport> AnHourLaterAsync()
    {
        _time.Advance(TimeSpan.FromHours(1));
        return RunAsync();
    }

    private Task<CredentialReport> RunAsync(FakeTenant? tenant = null, string? policy = null) =>
        Check(tenant ?? _tenant, policy).RunAsync(RunRequest.New("cred", "timer", _time.GetUtcNow()), Stop);

    private CredentialRotationCheck Check(FakeTenant tenant, string? policy = null, StateStorage? storage = null) =>
        CheckOver.Tenant(tenant, new PolicyText(policy ?? "version: 1\n"), storage ?? _storage, _time);

    private Task<IReadOnlyDictionary<string, StoredFinding>> StoredAsync() =>
        new TableFindingStore(_storage).LoadAsync(_tenantId, CredentialControls.All, Stop);

    private async Task<string[]> EvidenceAsync()
    {
        var container = _storage.Evidence.GetBlobContainerClient("ledger");
        var content = await container.GetAppendBlobClient($"{_tenantId}/log/2026-11-0001.jsonl").DownloadContentAsync(Stop);
        return content.Value.Content.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static Credential ClientSecret(string app, int ageDays) =>
        new()
        {
            Kind = CredentialKind.ClientSecret,
            Subject = new Subject(SubjectTypes.Application, app, app),
            Part = $"{app}-key",
            Source = Sources.Applications,
            AppId = app,
            Started = Start.AddDays(-ageDays),
            Expires = Start.AddDays(-ageDays + 300),
        };

    private static Credential VaultKey(string name) =>
        new()
        {
            Kind = CredentialKind.VaultKey,
            Subject = new Subject(SubjectTypes.VaultKey, $"https://kv-hr.vault.azure.net/keys/{name}", $"kv-hr/{name}"),
            Source = Sources.Vault(Vault, "keys"),
            ResourceId = Vault,
            Started = Start.AddDays(-900),
        };

    private static Credential VaultSecret(string name, int ageDays) =>
        new()
        {
            Kind = CredentialKind.VaultSecret,
            Subject = new Subject(SubjectTypes.VaultSecret, $"https://kv-hr.vault.azure.net/secrets/{name}", $"kv-hr/{name}"),
            Source = Sources.Vault(Vault, "secrets"),
            ResourceId = Vault,
            Started = Start.AddDays(-ageDays),
            Expires = Start.AddDays(60),
        };

    private sealed class PolicyText(string yaml) : ICredentialPolicySource
    {
        public CredentialPolicy Load(DateTimeOffset now) => CredentialPolicyLoader.Load(yaml, "credentials.yaml", now);
    }
}
