using System.Globalization;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;
using Compliance.Changes.Pauses;
using Compliance.Minimization.Deletion;
using Compliance.Minimization.Inventory;
using Compliance.Minimization.Policy;
using Compliance.Minimization.Sweeps;
using Compliance.Storage;
using Compliance.Tests.Minimization.Inventory;
using Compliance.Tests.Minimization.StandIn;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace Compliance.Tests.Minimization.Sweeps;

/// <summary>A container of its own, a policy about it, and the parts of a sweep that plan and delete.</summary>
internal sealed class SweepBench : IOpenAccounts, IPause
{
    public const string Account = "devstoreaccount1";

    public static readonly DateTimeOffset Now = new(2027, 4, 1, 6, 0, 0, TimeSpan.Zero);

    private readonly BlobServiceClient _service;
    private readonly string _account;
    private Func<string, CancellationToken, ValueTask<BatchProof>> _proof;

    public SweepBench(AzuriteFixture azurite, string? policy = null)
        : this(azurite, new(azurite.StateConnection), (Account, $"c{Guid.CreateVersion7():N}"), policy ?? PolicyOf(Account)) =>
        _proof = Proof;

    private SweepBench(StorageFixture state, BlobServiceClient service, (string Account, string Container) at, string policy)
    {
        (_account, Name) = at;
        Run = new("tenant", $"sweep-{Guid.CreateVersion7():N}", Now);
        _service = service;
        Client = _service.GetBlobContainerClient(Name);
        Policy = RetentionPolicyLoader.Load(policy, "retention.yaml");
        Storage = Tests.Storage.Faults.Storage(state);
        Documents = new(new BlobDocumentStore(Storage, SweepFiles.Container));
        Files = new(Storage);
        Data = new BlobData(
            this,
            new StorageContainers(null!, null!),
            new BlobListing(null),
            new HttpClient(new SocketsHttpHandler()),
            Clock
        );
        Blobs = Data;
        _proof = Proof;
    }

    /// <summary>A sweep of the stand-in's container; its own files are in memory.</summary>
    public static SweepBench On(StandInHost host, StorageFixture state) =>
        new(state, host.Service, (host.Account.Name, "raw"), PolicyOf(host.Account.Name))
        {
            _proof = (_, _) => ValueTask.FromResult(StandInHost.Proof),
        };

    // Names end with the day of what they hold.
    private static string PolicyOf(string account) =>
        $$"""
            version: 1
            dataSets:
              - id: prompts
                accounts: [{{account}}]
                containers: ["*"]
                prefix: prompts/
                classification: restricted
                purpose: quality of answers
                lawfulBasis: GDPR 6(1)(f)
                owner: owner@contoso.example
                rules:
                  - { id: after-90-days, after: P90D, from: name, template: "prompts/{yyyy}/{MM}/{dd}/*", action: delete }
              - id: features
                accounts: [{{account}}]
                containers: ["*"]
                prefix: features/
                classification: internal
                purpose: training
                lawfulBasis: GDPR 6(1)(f)
                owner: owner@contoso.example
                rules:
                  - { id: expires, after: P1D, from: "metadata:expires", action: delete }
            """;

    public string Name { get; }

    public SweepRun Run { get; }

    public BlobContainerClient Client { get; }

    public RetentionPolicy Policy { get; set; }

    public StateStorage Storage { get; }

    public SweepDocuments Documents { get; }

    public SweepFiles Files { get; }

    public BlobData Data { get; }

    /// <summary>What the sweep works with: a test may put something between.</summary>
    public IBlobData Blobs { get; set; }

    public KeptEvidence Evidence { get; } = new();

    public FakeTimeProvider Clock { get; } = new(Now);

    public bool IsPaused { get; set; }

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Name of a blob about prompts of so many days ago.</summary>
    public static string Prompt(int daysAgo, string name) =>
        $"prompts/{Now.AddDays(-daysAgo).ToString("yyyy/MM/dd", CultureInfo.InvariantCulture)}/{name}";

    public async Task<SweepBench> WithAsync(params string[] names)
    {
        await Client.CreateIfNotExistsAsync(cancellationToken: Stop);
        await Parallel.ForEachAsync(names, Stop, async (name, stop) => await PutAsync(name, stop: stop));
        return this;
    }

    public async Task PutAsync(
        string name,
        string content = "x",
        IDictionary<string, string>? metadata = null,
        IDictionary<string, string>? tags = null,
        CancellationToken stop = default
    ) =>
        await Client
            .GetBlobClient(name)
            .UploadAsync(BinaryData.FromString(content), new BlobUploadOptions { Metadata = metadata, Tags = tags }, stop);

    public Task<ContainerPlan> PlanAsync() =>
        new ContainerPlanner(Blobs, Files, Documents, Own).PlanAsync(Run, Policy, _account, Name, Stop);

    /// <summary>Carries a slice out. The clock goes on while something waits for it.</summary>
    public async Task<bool> ActAsync(Slice slice)
    {
        var act = new SliceDeletion(Blobs, Files, Documents, Evidence, Own, this, Clock).RunAsync(
            new(Run, Policy, slice, new string('a', 64)),
            TimeSpan.FromDays(1),
            Stop
        );
        while (await Task.WhenAny(act, Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Stop)) != act)
            Clock.Advance(TimeSpan.FromSeconds(1));
        return await act;
    }

    /// <summary>What became of each item, by its name.</summary>
    public async Task<IReadOnlyList<OutcomeRow>> OutcomesAsync(Slice slice)
    {
        var rows = new List<OutcomeRow>();
        foreach (var part in (await Documents.ProgressAsync(slice, Stop)).Parts)
            rows.AddRange(OutcomeFile.Rows((await Files.LoadAsync(part.File, Stop))!.Value));
        return rows;
    }

    public async Task<IReadOnlyList<string>> NamesAsync()
    {
        var names = new List<string>();
        await foreach (var blob in Client.GetBlobsAsync(BlobTraits.None, BlobStates.None, null, Stop))
            names.Add(blob.Name);
        return names;
    }

    public Task<SliceLeft> VerifyAsync(Slice slice) => new SliceVerification(Blobs, Files).VerifyAsync(slice, Stop);

    public Task<OpenAccount> OpenAsync(string account, CancellationToken cancellationToken) =>
        Task.FromResult(new OpenAccount(SampleAccount.Named(_account), new DataAccount(_account, _service, _proof)));

    public Task<PauseHold?> HoldingAsync(bool isBlocking, CancellationToken cancellationToken) =>
        Task.FromResult(IsPaused ? new PauseHold(null!, TimeSpan.FromMinutes(1)) : null);

    private ValueTask<BatchProof> Proof(string container, CancellationToken cancellationToken)
    {
        var permissions = BlobContainerSasPermissions.Delete | BlobContainerSasPermissions.DeleteBlobVersion;
        var until = TimeProvider.System.GetUtcNow().AddHours(1);
        var signed = _service.GetBlobContainerClient(container).GenerateSasUri(permissions, until);
        return ValueTask.FromResult(BatchProof.FromSignature(signed.Query));
    }

    private static OwnAccounts Own => new(new HashSet<string>());
}
