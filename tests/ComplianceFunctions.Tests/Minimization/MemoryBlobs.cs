using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Compliance.Minimization.Deletion;
using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Sweeps;

namespace ComplianceFunctions.Tests.Minimization;

/// <summary>
/// Blobs in memory that outlive a crash. Conditions hold together, as the service has it; every deletion is held to what may be deleted at
/// that instant.
/// </summary>
internal sealed partial class MemoryBlobs(Func<BlobFacts, string?> whyHarm, TimeProvider time) : IBlobData, ISweepStorage
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, BlobFacts> _blobs = new(StringComparer.Ordinal);
    private int _etags;

    public const string Account = "sttrain";
    public const string Container = "raw";

    /// <summary>What no deletion may do, and did.</summary>
    public List<string> Harm { get; } = [];

    /// <summary>Names of what was deleted by the app, with the ETag.</summary>
    public List<(string Name, string ETag)> Deleted { get; } = [];

    /// <summary>What an answer is replaced by after the deletion was done; null for none.</summary>
    public Func<int, bool>? LosesAnswer { get; set; }

    /// <summary>Requests to delete so far.</summary>
    public int Batches { get; private set; }

    /// <summary>False while the container cannot be listed.</summary>
    public bool IsReadable { get; set; } = true;

    public IReadOnlyCollection<BlobFacts> All
    {
        get
        {
            lock (_lock)
                return [.. _blobs.Values];
        }
    }

    public void Put(string name, IReadOnlyDictionary<string, string>? tags = null, IReadOnlyDictionary<string, string>? metadata = null)
    {
        lock (_lock)
            _blobs[name] = new()
            {
                Account = Account,
                Container = Container,
                Name = name,
                IsCurrent = true,
                IsBlockBlob = true,
                ETag = $"\"0x{++_etags:X8}\"",
                Size = 10,
                Created = SweepWorld.Start,
                LastModified = time.GetUtcNow(),
                Tags = tags ?? new Dictionary<string, string>(),
                Metadata = metadata ?? new Dictionary<string, string>(),
                HasLegalHold = false,
            };
    }

    /// <summary>Changes a blob and leaves its ETag, as tags, holds and leases do.</summary>
    public void Edit(string name, Func<BlobFacts, BlobFacts> edit)
    {
        lock (_lock)
            if (_blobs.TryGetValue(name, out var blob))
                _blobs[name] = edit(blob);
    }

    public void Remove(string name)
    {
        lock (_lock)
            _blobs.Remove(name);
    }

    public async IAsyncEnumerable<BlobFacts> ListAsync(
        string account,
        string container,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        if (!IsReadable)
            throw new Azure.RequestFailedException(403, "refused", "AuthorizationFailure", null);
        foreach (var blob in All)
        {
            await Task.CompletedTask;
            yield return blob;
        }
    }

    public Task<BlobFacts?> FindAsync(BlobFacts blob, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult(_blobs.GetValueOrDefault(blob.Name));
    }

    public Task<BatchAnswer> DeleteAsync(IReadOnlyList<DeletionTarget> targets, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Batches++;
            ItemAnswer[] items = [.. targets.Select(Delete)];
            return Task.FromResult(
                LosesAnswer?.Invoke(Batches) == true
                    ? new BatchAnswer([.. items.Select(_ => ItemAnswer.None)], AnswerFault.CutOff, 0)
                    : new BatchAnswer(items, AnswerFault.None, 0)
            );
        }
    }

    public Task<SweepPlaces> PlacesAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new SweepPlaces([new(Account, Container)], []));

    public Task<IReadOnlySet<string>> DevelopmentAccountsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlySet<string>>(new HashSet<string>());

    public Task<int?> UndoDaysAsync(string account, CancellationToken cancellationToken) => Task.FromResult<int?>(7);

    public Task<DateTimeOffset?> RetainedUntilAsync(string account, string container, CancellationToken cancellationToken) =>
        Task.FromResult<DateTimeOffset?>(null);

    private ItemAnswer Delete(DeletionTarget target)
    {
        static ItemAnswer Ended(DeletionOutcome outcome, int status, string? code = null) => new(outcome, status, code, "r", null);
        var name = Uri.UnescapeDataString(target.Path[$"/{Container}/".Length..]);
        if (!_blobs.TryGetValue(name, out var blob))
            return Ended(DeletionOutcome.AlreadyGone, 404, "BlobNotFound");
        if (blob.ETag != target.ETag || !Fits(blob, target.TagCondition))
            return Ended(DeletionOutcome.Changed, 412, "ConditionNotMet");
        if (blob.IsLeased)
            return Ended(DeletionOutcome.Leased, 412, "LeaseIdMissing");
        if (blob.HasLegalHold == true)
            return Ended(DeletionOutcome.Held, 409, "BlobImmutableDueToLegalHold");
        if (whyHarm(blob) is { } harm)
            Harm.Add($"{name}: {harm}");
        _blobs.Remove(name);
        Deleted.Add((name, blob.ETag!));
        return Ended(DeletionOutcome.Deleted, 202);
    }

    private static bool Fits(BlobFacts blob, string? condition) =>
        condition is null
        || TagEquals()
            .Matches(condition)
            .All(m => blob.Tags!.TryGetValue(m.Groups["key"].Value, out var value) && value == m.Groups["value"].Value);

    [GeneratedRegex("\"(?<key>[^\"]*)\" = '(?<value>[^']*)'")]
    private static partial Regex TagEquals();
}
