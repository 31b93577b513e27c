using System.Text.Json.Nodes;
using System.Xml.Linq;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Queues;
using Compliance.Credentials;
using Compliance.Ledger;
using Compliance.Ledger.Append;
using Compliance.Tests.Storage;
using ComplianceCli.Azure;
using Microsoft.Extensions.Logging.Abstractions;
using Testing;

namespace Compliance.Tests.Cli;

/// <summary>After a deployment: every function is registered, and one event becomes a record of the ledger.</summary>
public sealed class AzurePostdeployTests : IDisposable
{
    private const string Functions =
        $"/subscriptions/{AzureStub.Subscription}/resourceGroups/rg-demo/providers/Microsoft.Web/sites/func-demo/functions";

    private readonly AzureStub _azure = new();
    private readonly MemoryStorageFixture _accounts;
    private readonly List<string> _sent = [];
    private string? _outcome = "complete";
    private int _refusals;

    public AzurePostdeployTests(MemoryStorageFixture accounts)
    {
        _accounts = accounts;
        _azure.Provision();
        foreach (
            var (name, value) in new[]
            {
                ("AZURE_RESOURCE_GROUP", "rg-demo"),
                ("COMPLIANCE_APP_NAME", "func-demo"),
                ("COMPLIANCE_STATE_ACCOUNT", "ststate"),
                ("EVIDENCE_VAULT_NAME", "kv-evidence"),
                ("EVIDENCE_KEY_NAME", "ledger-checkpoints"),
            }
        )
            _azure.Environment[name] = value;
        var package = Path.Combine(_azure.Folder, Smoke.Published);
        Directory.CreateDirectory(package);
        File.WriteAllText(Path.Combine(package, "functions.metadata"), """[{"name":"ControlWatch"},{"name":"GetFindings"}]""");
        Register("ControlWatch", "GetFindings");
        _azure.Blobs = _ => _accounts.EvidenceBlobs;
        _azure.Queues = _ =>
        {
            var options = new QueueClientOptions { Transport = _accounts.Transport, Retry = { MaxRetries = 0 } };
            options.AddPolicy(new App(this), HttpPipelinePosition.PerCall);
            return new(_accounts.StateConnection, options);
        };
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _azure.Dispose();

    [Fact]
    public async Task An_event_becomes_a_record_of_the_ledger()
    {
        await UseAsync("aaaaaaaa-0000-4000-8000-0000000000a1");

        var (code, output, errors) = await _azure.RunAsync("postdeploy");

        Assert.Equal((0, ""), (code, errors));
        var sent = VaultObjectEvent.Read(Assert.Single(_sent), out _)!;
        Assert.Equal(("kv-evidence", "keys", "ledger-checkpoints"), (sent.Vault, sent.Collection, sent.ObjectName));
        Assert.Contains("done     Check that Azure registered every function of the package\n", output, StringComparison.Ordinal);
        Assert.Contains("did      Send one event through queue vault-events", output, StringComparison.Ordinal);
        Assert.Empty(_azure.Writes);
    }

    [Fact]
    public async Task Print_sends_nothing()
    {
        await UseAsync("aaaaaaaa-0000-4000-8000-0000000000a2");

        var (code, _, errors) = await _azure.RunAsync("postdeploy", "--print");

        Assert.Equal((0, ""), (code, errors));
        Assert.Empty(_sent);
    }

    [Fact]
    public async Task A_queue_that_refuses_twice_is_waited_for()
    {
        await UseAsync("aaaaaaaa-0000-4000-8000-0000000000a3");
        _refusals = 2;

        var (code, _, errors) = await _azure.RunAsync("postdeploy");

        Assert.Equal(0, code);
        Assert.Equal(AzureCalls.Waits.Take(2), _azure.Time.Waits.Take(2));
        Assert.Equal(2, errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Single(_sent);
    }

    [Fact]
    public async Task A_queue_that_always_refuses_is_one_line_with_the_role()
    {
        await UseAsync("aaaaaaaa-0000-4000-8000-0000000000a4");
        _refusals = int.MaxValue;

        var (code, _, errors) = await _azure.RunAsync("postdeploy");

        Assert.Equal(1, code);
        Assert.Equal(
            "sending an event to queue vault-events of ststate: 403 AuthorizationPermissionMismatch. It takes Storage Queue Data Message "
                + "Sender for your own account",
            errors.TrimEnd('\n').Split('\n')[^1]
        );
        Assert.Equal(AzureCalls.Waits, _azure.Time.Waits);
    }

    [Theory]
    [InlineData(null, "the event left no record ")]
    [InlineData("incomplete", "the app took the event, and its record ")]
    public async Task An_app_that_does_not_work_is_named(string? outcome, string line)
    {
        await UseAsync(outcome is null ? "aaaaaaaa-0000-4000-8000-0000000000a5" : "aaaaaaaa-0000-4000-8000-0000000000a6");
        _outcome = outcome;

        var (code, _, errors) = await _azure.RunAsync("postdeploy");

        Assert.Equal(1, code);
        Assert.StartsWith(line, errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Azure registered 1 functions, the package has 2: missing are ControlWatch. ", "GetFindings")]
    [InlineData("Azure registered 3 functions, the package has 2: not of the package are W. ", "GetFindings", "ControlWatch", "W")]
    public async Task Functions_that_do_not_fit_the_package_are_named_before_anything_is_sent(string line, params string[] names)
    {
        Register(names);

        var (code, _, errors) = await _azure.RunAsync("postdeploy");

        Assert.Equal(1, code);
        Assert.StartsWith(line, errors, StringComparison.Ordinal);
        Assert.Empty(_sent);
    }

    [Fact]
    public async Task A_package_that_is_not_there_is_one_line()
    {
        var (code, _, errors) = await _azure.RunAsync("postdeploy", "--package", Path.Combine(_azure.Folder, "none"));

        Assert.Equal(1, code);
        Assert.Equal(
            $"{Path.Combine(_azure.Folder, "none")} cannot be read: dotnet publish src/ComplianceFunctions -c Release makes it, or "
                + "--package names a package\n",
            errors
        );
    }

    private async Task UseAsync(string tenant)
    {
        _azure.Environment["AZURE_TENANT_ID"] = tenant;
        await _accounts.Queues.GetQueueClient(VaultObjectEvent.Queue).CreateIfNotExistsAsync(cancellationToken: Stop);
    }

    private void Register(params string[] names)
    {
        foreach (var old in _azure.Resources.Keys.Where(k => k.StartsWith(Functions, StringComparison.Ordinal)).ToList())
            _azure.Resources.Remove(old);
        _azure.Resources[Functions] = new()
        {
            ["value"] = new JsonArray([.. names.Select(n => new JsonObject { ["name"] = $"func-demo/{n}" })]),
        };
    }

    // What the app does with an event: a record whose id comes from the run's.
    private Task<EvidenceReceipt> RecordAsync(VaultObjectEvent changed, string outcome) =>
        new AppendBlobEvidenceLog(Faults.Storage(_accounts), _azure.Time, NullLogger<AppendBlobEvidenceLog>.Instance).AppendAsync(
            new EvidenceRecord
            {
                Id = $"{changed.RunId}/recheck",
                Time = _azure.Time.GetUtcNow(),
                Actor = "VaultEventQueue",
                Action = "credentials.recheck",
                TenantId = _azure.Environment["AZURE_TENANT_ID"],
                PolicySha256 = new string('a', 64),
                Controls = ["CRED-001"],
                Outcome = outcome,
                Counts = new Dictionary<string, long>(),
                CorrelationId = changed.RunId,
            },
            Stop
        );

    /// <summary>The app behind the queue: what is sent to it is worked off at once.</summary>
    private sealed class App(AzurePostdeployTests test) : HttpPipelinePolicy
    {
        private int _refused;

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            if (_refused++ < test._refusals)
                throw new RequestFailedException(403, "Not permitted.", "AuthorizationPermissionMismatch", null);
            await ProcessNextAsync(message, pipeline);
            using var body = new MemoryStream();
            await message.Request.Content!.WriteToAsync(body, message.CancellationToken);
            body.Position = 0;
            // <QueueMessage><MessageText>{"specversion":"1.0",…}</MessageText></QueueMessage>
            test._sent.Add(XDocument.Load(body).Root!.Element("MessageText")!.Value);
            if (test._outcome is { } outcome)
                await test.RecordAsync(VaultObjectEvent.Read(test._sent[^1], out _)!, outcome);
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException();
    }
}
