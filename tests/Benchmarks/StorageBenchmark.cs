using System.Diagnostics;
using System.Globalization;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Compliance.Storage;
using Simulation.Storage;
using Testing;

namespace Benchmarks;

/// <summary>
/// Requests a second to storage in memory, through the official clients as the app makes them, on one thread; and how much of the time is
/// spent behind the transport.
/// The rest is the client's own: its pipeline, its signature of each request, its reading of the answer.
/// </summary>
internal static class StorageBenchmark
{
    private const double Goal = 10_000;
    private const int Rows = 1_000;

    public static async Task<int> RunAsync(string[] args)
    {
        var calls = Option(args, "--calls", 20_000);
        var rounds = Option(args, "--rounds", 3);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{calls:N0} requests each, one thread, {Rows:N0} rows and blobs there; {rounds} rounds, medians"
            )
        );
        Console.WriteLine();
        Console.WriteLine("| request | requests/s | of the time behind the transport | a processor second |");
        Console.WriteLine("| --- | ---: | ---: | ---: |");
        var transport = new TimedTransport(new MemoryStorage(TimeProvider.System).Open());
        var operations = await OperationsAsync(transport);
        var slow = 0;
        foreach (var (name, call) in operations)
        {
            for (var i = 0; i < 2_000; i++)
                await call(i);
            var runs = new List<(double Rate, double Share, double PerProcessorSecond)>();
            for (var round = 0; round < rounds; round++)
                runs.Add(await MeasureAsync(transport, call, calls));
            var (rate, share, processor) = runs.OrderBy(r => r.Rate).ElementAt(rounds / 2);
            slow += rate < Goal ? 1 : 0;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {rate:N0} | {share:P0} | {processor:N0} |"));
        }
        Console.WriteLine();
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Goal {Goal:N0} requests/s each: {(slow == 0 ? "met" : $"MISSED by {slow} of {operations.Count}")}"
            )
        );
        return slow == 0 ? 0 : 1;
    }

    private static async Task<(double Rate, double Share, double PerProcessorSecond)> MeasureAsync(
        TimedTransport transport,
        Func<int, Task> call,
        int calls
    )
    {
        using var self = Process.GetCurrentProcess();
        var (before, behind, watch) = (self.TotalProcessorTime, transport.Spent, Stopwatch.StartNew());
        for (var i = 0; i < calls; i++)
            await call(i);
        watch.Stop();
        self.Refresh();
        var seconds = watch.Elapsed.TotalSeconds;
        return (
            calls / seconds,
            (transport.Spent - behind).TotalSeconds / seconds,
            calls / (self.TotalProcessorTime - before).TotalSeconds
        );
    }

    private static async Task<IReadOnlyList<(string Name, Func<int, Task> Call)>> OperationsAsync(TimedTransport transport)
    {
        var storage = new StateStorage(StorageOptions.Read(MemoryStorageFixture.Settings), transport, TimeSpan.Zero);
        var table = await storage.TableAsync("bench", CancellationToken.None);
        var container = await storage.EvidenceContainerAsync("bench", CancellationToken.None);
        await storage.Queues.CreateQueueAsync("bench");
        var queue = storage.Queues.GetQueueClient("bench");
        var versions = new ETag[Rows];
        var content = new BinaryData(new byte[2_000]);
        for (var i = 0; i < Rows; i++)
        {
            versions[i] = (await table.AddEntityAsync(Row(i))).Headers.ETag!.Value;
            await container.GetBlobClient($"{i:0000}").UploadAsync(content);
        }
        var log = container.GetAppendBlobClient("log");
        await log.CreateAsync();
        var appended = 0L;
        var line = new byte[500];
        return
        [
            ("get of a row", i => table.GetEntityAsync<TableEntity>("p", Key(i))),
            (
                "update of a row, held to its version",
                async i =>
                {
                    var updated = await table.UpdateEntityAsync(Row(i), versions[i % Rows], TableUpdateMode.Replace);
                    versions[i % Rows] = updated.Headers.ETag!.Value;
                }
            ),
            (
                "transaction of two rows",
                i =>
                    table.SubmitTransactionAsync([
                        new(TableTransactionActionType.UpsertReplace, Row(i)),
                        new(TableTransactionActionType.UpsertReplace, Row(i + 1)),
                    ])
            ),
            (
                "query of 10 rows",
                async i =>
                {
                    await foreach (
                        var row in table.QueryAsync<TableEntity>(
                            $"PartitionKey eq 'p' and RowKey ge '{i % 990:0000}' and RowKey lt '{(i % 990) + 10:0000}'"
                        )
                    )
                        ArgumentNullException.ThrowIfNull(row.RowKey);
                }
            ),
            ("get of a blob", i => container.GetBlobClient(Key(i)).DownloadContentAsync()),
            ("put of a blob", i => container.GetBlobClient(Key(i)).UploadAsync(content, overwrite: true)),
            (
                "append",
                async _ =>
                {
                    if (appended == 40_000L * line.Length)
                    {
                        await log.CreateAsync();
                        appended = 0;
                    }
                    await log.AppendBlockAsync(
                        new MemoryStream(line),
                        new() { Conditions = new AppendBlobRequestConditions { IfAppendPositionEqual = appended } }
                    );
                    appended += line.Length;
                }
            ),
            (
                "put, get and delete of a message (three requests)",
                async _ =>
                {
                    await queue.SendMessageAsync("{}");
                    var message = (await queue.ReceiveMessageAsync()).Value;
                    await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt);
                }
            ),
        ];
    }

    private static string Key(int i) => (i % Rows).ToString("0000", CultureInfo.InvariantCulture);

    private static TableEntity Row(int i) =>
        new("p", Key(i))
        {
            ["Stage"] = "Scheduled",
            ["Round"] = i,
            ["DueAt"] = new DateTimeOffset(2026, 3, 1, 6, 0, 0, TimeSpan.Zero),
            ["Held"] = false,
            ["Document"] = new string('x', 500),
        };

    private static int Option(string[] args, string name, int otherwise) =>
        Array.IndexOf(args, name) is >= 0 and var at ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;

    private sealed class TimedTransport(HttpPipelineTransport inner) : HttpPipelineTransport
    {
        public TimeSpan Spent { get; private set; }

        public override Request CreateRequest() => inner.CreateRequest();

        public override void Process(HttpMessage message)
        {
            var start = Stopwatch.GetTimestamp();
            inner.Process(message);
            Spent += Stopwatch.GetElapsedTime(start);
        }

        public override ValueTask ProcessAsync(HttpMessage message)
        {
            Process(message);
            return ValueTask.CompletedTask;
        }
    }
}
