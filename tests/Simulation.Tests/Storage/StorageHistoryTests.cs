using System.Globalization;
using System.Text;
using Azure;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Queues;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Simulation.Storage;
using Testing;

namespace Simulation.Tests.Storage;

/// <summary>
/// Random histories of requests get the same answers in memory as from Azurite. What the two are known to differ in is in the contracts,
/// and no step here.
/// </summary>
public sealed class StorageHistoryTests(AzuriteFixture azurite)
{
    private static readonly string Run = $"h{Environment.ProcessId}x";
    private static int _histories;

    private static readonly Gen<Step[]> Histories = (
        from kind in Gen.Int[0, 11]
        from key in Gen.Int[0, 2]
        from version in Gen.Int[0, 3]
        from value in Gen.Int[0, 4]
        select new Step(kind, key, version, value)
    ).Array[5, 40];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public Task Tables_answer_alike() => CompareAsync((place, name) => TableHistory.BeginAsync(place, name));

    [Fact]
    public Task Blobs_answer_alike() => CompareAsync((place, name) => BlobHistory.BeginAsync(place, name));

    [Fact]
    public Task Queues_answer_alike() => CompareAsync((place, name) => QueueHistory.BeginAsync(place, name));

    private async Task CompareAsync(Func<StoragePlace, string, Task<History>> begin)
    {
        // Azurite's clock does not stop between two requests either: queues are in the order of time.
        var memory = StoragePlace.On(
            new MemoryStorage(new FakeTimeProvider(StoragePlace.Start) { AutoAdvanceAmount = TimeSpan.FromMilliseconds(1) }).Open()
        );
        await Histories.SampleAsync(
            async steps =>
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"{Run}{Interlocked.Increment(ref _histories)}");
                var (expected, actual) = (await begin(StoragePlace.On(azurite), name), await begin(memory, name));
                foreach (var step in steps)
                    Assert.Equal($"{step}: {await expected.AnswerAsync(step)}", $"{step}: {await actual.AnswerAsync(step)}");
                Assert.Equal(await expected.ContentsAsync(), await actual.ContentsAsync());
            },
            iter: TestSize.Times(25),
            threads: 1
        );
    }

    /// <summary>One request: what is asked, about which thing, held to which of the versions seen, with which value.</summary>
    private sealed record Step(int Kind, int Key, int Version, int Value);

    /// <summary>A history as it goes on in one place. Versions of a thing are named by the order in which they appeared, so that two places
    /// can be compared. (On Azurite the versions of rows are times: two rows may have the same.)</summary>
    private abstract class History
    {
        private readonly Dictionary<string, List<ETag>> _versions = [];

        public async Task<string> AnswerAsync(Step step)
        {
            try
            {
                return await ActAsync(step);
            }
            catch (RequestFailedException e)
            {
                var at = e is TableTransactionFailedException t ? $" at {t.FailedTransactionActionIndex}" : "";
                return string.Create(CultureInfo.InvariantCulture, $"{e.Status} {e.ErrorCode}{at}");
            }
        }

        public abstract Task<string> ContentsAsync();

        protected abstract Task<string> ActAsync(Step step);

        protected string Seen(string thing, ETag? version)
        {
            if (version is not { } seen)
                return "none";
            if (!_versions.TryGetValue(thing, out var versions))
                _versions[thing] = versions = [];
            if (!versions.Contains(seen))
                versions.Add(seen);
            return string.Create(CultureInfo.InvariantCulture, $"v{versions.IndexOf(seen)}");
        }

        /// <summary>One of the latest versions seen of a thing; null when there are not so many.</summary>
        protected ETag? Known(string thing, int back) =>
            _versions.TryGetValue(thing, out var versions) && back < versions.Count ? versions[^(back + 1)] : null;
    }

    private sealed class TableHistory(TableClient table) : History
    {
        public static async Task<History> BeginAsync(StoragePlace place, string name) => new TableHistory(await place.TableAsync(name));

        public override async Task<string> ContentsAsync() => await QueryAsync(null);

        protected override async Task<string> ActAsync(Step step)
        {
            var row = Row(step.Key, step.Value);
            var held = Known(row.RowKey, step.Version) ?? ETag.All;
            return step.Kind switch
            {
                0 => Answered(row.RowKey, await table.AddEntityAsync(row, Stop)),
                1 => Answered(row.RowKey, await table.UpdateEntityAsync(row, held, TableUpdateMode.Replace, Stop)),
                2 => Answered(row.RowKey, await table.UpdateEntityAsync(row, held, TableUpdateMode.Merge, Stop)),
                3 => Answered(row.RowKey, await table.UpsertEntityAsync(row, TableUpdateMode.Replace, Stop)),
                4 => Answered(row.RowKey, await table.UpsertEntityAsync(row, TableUpdateMode.Merge, Stop)),
                5 => Answered(row.RowKey, await table.DeleteEntityAsync(row.PartitionKey, row.RowKey, held, Stop)),
                6 => Text(await table.GetEntityAsync<TableEntity>(row.PartitionKey, row.RowKey, cancellationToken: Stop)),
                7 => await QueryAsync($"A{step.Value % 2} ge {step.Version} or RowKey eq 'r{step.Key}'"),
                8 => await QueryAsync($"RowKey gt 'r{step.Key}' and not (T eq 't{step.Value}')"),
                _ => await TransactAsync(step),
            };
        }

        private static TableEntity Row(int key, int value) =>
            new("p", $"r{key}")
            {
                [$"A{value % 2}"] = value,
                ["T"] = $"t{value}",
                ["L"] = value % 3 == 0 ? (long)value : null,
            };

        private async Task<string> TransactAsync(Step step)
        {
            var second = Row((step.Key + 1) % 3, step.Value);
            // Different rows each: a row that is named twice is in the contract.
            TableTransactionAction[] actions =
            [
                new(step.Kind == 9 ? TableTransactionActionType.Add : TableTransactionActionType.UpsertReplace, Row(step.Key, step.Value)),
                new(
                    step.Kind == 10 ? TableTransactionActionType.Delete : TableTransactionActionType.UpdateMerge,
                    second,
                    Known(second.RowKey, step.Version) ?? ETag.All
                ),
                new(TableTransactionActionType.UpsertMerge, Row((step.Key + 2) % 3, step.Value)),
            ];
            var answer = await table.SubmitTransactionAsync(actions.Take(1 + (step.Value % 3)), Stop);
            return string.Join(", ", answer.Value.Select((a, i) => Answered(actions[i].Entity.RowKey, a)));
        }

        private async Task<string> QueryAsync(string? filter) =>
            string.Join("; ", await table.QueryAsync<TableEntity>(filter, cancellationToken: Stop).Select(Text).ToListAsync(Stop));

        private string Answered(string row, Response answer) =>
            string.Create(CultureInfo.InvariantCulture, $"{answer.Status} {Seen(row, answer.Headers.ETag)}");

        private string Text(TableEntity row) =>
            $"{row.RowKey} {Seen(row.RowKey, row.ETag)}"
            + string.Concat(
                row.Where(p => p.Key is "A0" or "A1" or "T" or "L")
                    .OrderBy(p => p.Key, StringComparer.Ordinal)
                    .Select(p => $" {p.Key}={p.Value}")
            );
    }

    private sealed class BlobHistory(BlobContainerClient container) : History
    {
        private readonly Dictionary<string, string> _leases = [];

        public static async Task<History> BeginAsync(StoragePlace place, string name) => new BlobHistory(await place.ContainerAsync(name));

        public override async Task<string> ContentsAsync()
        {
            var text = new StringBuilder();
            await foreach (var blob in container.GetBlobsAsync(cancellationToken: Stop))
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"{blob.Name} {blob.Properties.BlobType} {blob.Properties.LeaseState} {await TextAsync(blob.Name)}; "
                );
            return text.ToString();
        }

        protected override async Task<string> ActAsync(Step step)
        {
            var name = $"f{step.Key % 2}/b{step.Key}";
            var blob = container.GetBlobClient(name);
            var log = container.GetAppendBlobClient(name);
            var lease = blob.GetBlobLeaseClient(_leases.GetValueOrDefault(name));
            var content = new BinaryData(new string((char)('a' + step.Value), step.Value + 1));
            var conditions = new BlobRequestConditions { LeaseId = step.Value == 4 ? _leases.GetValueOrDefault(name) : null };
            if (step.Version == 3)
                conditions.IfNoneMatch = ETag.All;
            else
                conditions.IfMatch = step.Value % 2 == 0 ? Known(name, step.Version) : null;
            switch (step.Kind)
            {
                case 0 or 1:
                    return Seen(
                        name,
                        (await blob.UploadAsync(content, new BlobUploadOptions { Conditions = conditions }, Stop)).Value.ETag
                    );
                case 2:
                    var create = new AppendBlobCreateOptions
                    {
                        Conditions = new()
                        {
                            IfMatch = conditions.IfMatch,
                            IfNoneMatch = conditions.IfNoneMatch,
                            LeaseId = conditions.LeaseId,
                        },
                    };
                    return Seen(name, (await log.CreateAsync(create, Stop)).Value.ETag);
                case 3 or 4 or 5:
                    var at = new AppendBlobRequestConditions
                    {
                        IfMatch = conditions.IfMatch,
                        LeaseId = conditions.LeaseId,
                        IfAppendPositionEqual = step.Kind == 3 ? null : step.Version * 2,
                        IfMaxSizeLessThanOrEqual = step.Kind == 5 ? 6 : null,
                    };
                    BlobAppendInfo appended = await log.AppendBlockAsync(content.ToStream(), new() { Conditions = at }, Stop);
                    return $"{Seen(name, appended.ETag)} at {appended.BlobAppendOffset}, {appended.BlobCommittedBlockCount} blocks";
                case 6:
                    // From the start, or from far past the end.
                    return await TextAsync(name, step.Version == 0 ? 1_000 : 0);
                case 7:
                    BlobProperties properties = await blob.GetPropertiesAsync(cancellationToken: Stop);
                    return $"{Seen(name, properties.ETag)} {properties.BlobType} {properties.ContentLength} {properties.LeaseState} "
                        + $"{properties.LeaseStatus} {properties.BlobCommittedBlockCount}";
                case 8:
                    var current = new BlobRequestConditions { IfMatch = conditions.IfMatch, LeaseId = conditions.LeaseId };
                    var gone = (await blob.DeleteIfExistsAsync(conditions: current, cancellationToken: Stop)).Value;
                    // Azurite makes a blob for whoever names a lease on one that is not there; Azure refuses.
                    _leases.Remove(name);
                    return gone.ToString();
                case 9:
                    _leases[name] = (await lease.AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: Stop)).Value.LeaseId;
                    return "taken";
                case 10 when _leases.ContainsKey(name):
                    return step.Value % 2 == 0
                        ? Seen(name, (await lease.ReleaseAsync(cancellationToken: Stop)).Value.ETag)
                        : Seen(name, (await lease.RenewAsync(cancellationToken: Stop)).Value.ETag);
                case 11:
                    return (await lease.BreakAsync(TimeSpan.Zero, cancellationToken: Stop)).Value.LeaseTime?.ToString(
                            CultureInfo.InvariantCulture
                        ) ?? "none";
                default:
                    return string.Join(
                        ' ',
                        await container
                            .GetBlobsAsync(BlobTraits.None, BlobStates.None, $"f{step.Key % 2}", Stop)
                            .Select(b => b.Name)
                            .ToListAsync(Stop)
                    );
            }
        }

        private async Task<string> TextAsync(string name, int offset = 0)
        {
            using BlobDownloadStreamingResult read = await container
                .GetBlobClient(name)
                .DownloadStreamingAsync(new() { Range = new(offset) }, Stop);
            using var text = new StreamReader(read.Content, Encoding.UTF8);
            var content = await text.ReadToEndAsync(Stop);
            return $"{Seen(name, read.Details.ETag)} {content}";
        }
    }

    private sealed class QueueHistory(QueueClient queue) : History
    {
        private readonly List<(string Id, string Receipt)> _got = [];

        public static async Task<History> BeginAsync(StoragePlace place, string name) => new QueueHistory(await place.QueueAsync(name));

        public override async Task<string> ContentsAsync()
        {
            var count = (await queue.GetPropertiesAsync(Stop)).Value.ApproximateMessagesCount;
            var messages = (await queue.PeekMessagesAsync(32, Stop)).Value;
            return $"{count}: {string.Join(' ', messages.Select(m => $"{m.Body} {m.DequeueCount}"))}";
        }

        protected override async Task<string> ActAsync(Step step)
        {
            var (id, receipt) = step.Version < _got.Count ? _got[^(step.Version + 1)] : ("11111111-2222-3333-4444-555555555555", "AAAA");
            switch (step.Kind)
            {
                case 0 or 1 or 2:
                    await queue.SendMessageAsync($"m{step.Value}", Stop);
                    return "sent";
                case 3 or 4 or 5:
                    // An hour, so that none comes again by itself while this runs.
                    var got = (await queue.ReceiveMessagesAsync(step.Key + 1, TimeSpan.FromHours(1), Stop)).Value;
                    _got.AddRange(got.Select(m => (m.MessageId, m.PopReceipt)));
                    return string.Join(' ', got.Select(m => $"{m.Body} {m.DequeueCount}"));
                case 6:
                    return string.Join(
                        ' ',
                        (await queue.PeekMessagesAsync(step.Key + 1, Stop)).Value.Select(m => $"{m.Body} {m.DequeueCount}")
                    );
                case 7 or 8:
                    var (wait, text) = (
                        step.Value % 2 == 0 ? TimeSpan.Zero : TimeSpan.FromHours(1),
                        step.Key == 0 ? null : $"u{step.Value}"
                    );
                    var updated = await (
                        text is null
                            ? queue.UpdateMessageAsync(id, receipt, visibilityTimeout: wait, cancellationToken: Stop)
                            : queue.UpdateMessageAsync(id, receipt, text, wait, Stop)
                    );
                    _got.Add((id, updated.Value.PopReceipt));
                    return "updated";
                case 9 or 10:
                    return (await queue.DeleteMessageAsync(id, receipt, Stop)).Status.ToString(CultureInfo.InvariantCulture);
                default:
                    return (await queue.GetPropertiesAsync(Stop)).Value.ApproximateMessagesCount.ToString(CultureInfo.InvariantCulture);
            }
        }
    }
}
