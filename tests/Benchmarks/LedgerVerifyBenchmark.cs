using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Compliance.Ledger.Format;
using Compliance.Ledger.Verification;
using Local;

namespace Benchmarks;

/// <summary>
/// Verification of a log of a million records beside a bare scan that hashes each line, on the same files; then from Azurite, beside the
/// download alone and the verification alone. Each run is a process of its own, so that each has its own memory. Alternating, medians.
/// </summary>
internal static class LedgerVerifyBenchmark
{
    /// <summary>Name of the part that runs as a process of its own.</summary>
    public const string Role = "role-ledger-verify";

    private const string Tenant = "bench";
    private const string Origin = "compliancefunctions/bench";
    private const int LeastRate = 300_000;
    private const double LeastOfScan = 0.6;
    private const double LeastOfScanWithTiles = 0.45;
    private const double MaxOfSlower = 1.3;
    private const double MaxMegabytes = 150;
    private const int Block = 4 * 1024 * 1024;

    public static async Task<int> RunAsync(string[] args)
    {
        var records = int.Parse(CredentialBenchmark.Option(args, "--records", "1000000"), CultureInfo.InvariantCulture);
        var rounds = int.Parse(CredentialBenchmark.Option(args, "--rounds", "3"), CultureInfo.InvariantCulture);
        var data = Directory.CreateTempSubdirectory("bench-").FullName;
        try
        {
            var folder = Path.Combine(data, "ledger");
            var key = await MakeAsync(folder, records);
            await using var azurite = await Azurite.StartAsync(
                RepositoryRoot.Find(),
                Path.Combine(data, "azurite"),
                (0, 0, 0),
                TimeProvider.System,
                CancellationToken.None
            );
            await UploadAsync(azurite.EvidenceConnection, folder);
            string[][] parts =
            [
                ["scan", folder],
                ["log", folder, key],
                ["verify", folder, key],
                ["download", azurite.EvidenceConnection],
                ["verify-azurite", azurite.EvidenceConnection, key],
            ];
            var runs = parts.ToDictionary(p => p[0], _ => new List<Run>());
            for (var round = 0; round <= rounds; round++)
                foreach (var part in parts)
                {
                    var run = await ChildAsync(part);
                    if (run.Records != records && part[0] != "download")
                        throw new InvalidOperationException($"{part[0]} saw {run.Records} records");
                    if (round > 0)
                        runs[part[0]].Add(run);
                }
            double Seconds(string part) => OffboardingBenchmark.Median(runs[part], r => r.Seconds);
            Console.WriteLine(
                $"{records:N0} records, {rounds} rounds, alternating, medians; {Environment.ProcessorCount} processors, shared with Azurite"
            );
            Console.WriteLine();
            Console.WriteLine("| what | seconds | records/s | processor seconds | peak MB |");
            Console.WriteLine("| --- | ---: | ---: | ---: | ---: |");
            foreach (
                var (name, text) in new[]
                {
                    ("scan", "bare scan of the files, a hash a line"),
                    ("log", "verified, log and checkpoints"),
                    ("verify", "verified, with all tiles and bundles"),
                    ("download", "downloaded alone, log only"),
                    ("verify-azurite", "downloaded and verified, log and checkpoints"),
                }
            )
                Console.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"| {text} | {Seconds(name):0.00} | {records / Seconds(name):N0} | "
                            + $"{OffboardingBenchmark.Median(runs[name], r => r.Processor):0.00} | "
                            + $"{OffboardingBenchmark.Median(runs[name], r => r.PeakMegabytes):0} |"
                    )
                );
            Console.WriteLine();
            var reads = new Counting(new FolderLedgerSource(folder));
            var index = records * 2L / 3;
            var proof = await MerkleProof.InclusionAsync(reads, index, records, CancellationToken.None);
            Console.WriteLine($"One inclusion proof (record {index}): {proof.Count} hashes, {reads.Reads} tile reads");
            // By the processor: several threads may work at once, and a core is what the goal names.
            var rate = records / OffboardingBenchmark.Median(runs["log"], r => r.Processor);
            // Of each round's own scan, since what else the machine does changes from round to round.
            double OfScan(string part) =>
                OffboardingBenchmark.Median([.. runs["scan"].Zip(runs[part])], pair => pair.First.Processor / pair.Second.Processor);
            var (ofScan, ofScanWithTiles) = (OfScan("log"), OfScan("verify"));
            var goals = new List<(string Name, double Goal, double Figure, bool Met)>
            {
                ("records/s a core", LeastRate, rate, rate >= LeastRate),
                ("of the bare scan's records a core", LeastOfScan, ofScan, ofScan >= LeastOfScan),
                ("the same with all tiles and bundles", LeastOfScanWithTiles, ofScanWithTiles, ofScanWithTiles >= LeastOfScanWithTiles),
                (
                    "download + verify / the slower alone",
                    MaxOfSlower,
                    Seconds("verify-azurite") / Math.Max(Seconds("download"), Seconds("log")),
                    Seconds("verify-azurite") <= MaxOfSlower * Math.Max(Seconds("download"), Seconds("log"))
                ),
                (
                    "peak MB",
                    MaxMegabytes,
                    runs.Where(r => r.Key.Contains("verify", StringComparison.Ordinal) || r.Key == "log")
                        .Max(r => OffboardingBenchmark.Median(r.Value, x => x.PeakMegabytes)),
                    false
                ),
            };
            goals[^1] = goals[^1] with { Met = goals[^1].Figure < MaxMegabytes };
            Console.WriteLine();
            Console.WriteLine("| goal | | measured | |");
            Console.WriteLine("| --- | ---: | ---: | --- |");
            foreach (var (name, goal, figure, met) in goals)
                Console.WriteLine(
                    string.Create(CultureInfo.InvariantCulture, $"| {name} | {goal:#,0.0#} | {figure:N2} | {(met ? "met" : "MISSED")} |")
                );
            return goals.TrueForAll(g => g.Met) ? 0 : 1;
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    /// <summary>One part, as a process of its own.</summary>
    public static async Task<int> RunRoleAsync(string[] args)
    {
        var watch = Stopwatch.StartNew();
        var records = args switch
        {
            ["scan", var folder] => Scan(folder),
            ["log", var folder, var key] => await VerifyAsync(new FolderLedgerSource(folder), key, tiles: false),
            ["verify", var folder, var key] => await VerifyAsync(new FolderLedgerSource(folder), key, tiles: true),
            ["download", var connection] => await DownloadAsync(new BlobLedgerSource(new BlobServiceClient(connection), Tenant)),
            ["verify-azurite", var connection, var key] => await VerifyAsync(
                new BlobLedgerSource(new BlobServiceClient(connection), Tenant),
                key,
                tiles: false
            ),
            _ => throw new ArgumentException("no such part", nameof(args)),
        };
        using var self = Process.GetCurrentProcess();
        Console.WriteLine(
            JsonSerializer.Serialize(
                new Run(watch.Elapsed.TotalSeconds, records, self.TotalProcessorTime.TotalSeconds, self.PeakWorkingSet64 / 1e6)
            )
        );
        return 0;
    }

    private static long Scan(string folder)
    {
        var count = 0L;
        Span<byte> hash = stackalloc byte[MerkleHash.Size];
        var buffer = new byte[Block];
        foreach (var file in Directory.EnumerateFiles(Path.Combine(folder, LedgerLayout.LogFolder)).Order(StringComparer.Ordinal))
        {
            using var stream = File.OpenRead(file);
            var kept = 0;
            for (int read; (read = stream.Read(buffer, kept, buffer.Length - kept)) > 0;)
            {
                var (from, end) = (0, kept + read);
                for (int at; (at = buffer.AsSpan(from, end - from).IndexOf((byte)'\n')) >= 0; from += at + 1, count++)
                    MerkleHash.Leaf(buffer.AsSpan(from, at), hash);
                kept = end - from;
                buffer.AsSpan(from, kept).CopyTo(buffer);
            }
        }
        return count;
    }

    private static async Task<long> DownloadAsync(BlobLedgerSource source)
    {
        var buffer = new byte[512 * 1024];
        var bytes = 0L;
        foreach (var file in await source.LogsAsync(default))
        {
            await using var stream = await source.OpenAsync(file.Path, 0, default);
            for (int read; (read = await stream.ReadAsync(buffer)) > 0;)
                bytes += read;
        }
        return bytes;
    }

    private static async Task<long> VerifyAsync(LedgerSource source, string key, bool tiles)
    {
        var result = await new LedgerVerifier(source, new VerifyOptions { Keys = [NoteKey.Parse(key)], Tiles = tiles }).VerifyAsync(
            CancellationToken.None
        );
        return result.Verdict == LedgerVerdict.Intact
            ? result.Covered
            : throw new InvalidOperationException(string.Join("; ", result.Problems.Select(p => p.Message)));
    }

    private static async Task<string> MakeAsync(string folder, int records)
    {
        using var signer = KeyFileSigner.FromPem(Origin, KeyFileSigner.NewPem());
        var (tree, bundle) = (new TileBuilder(), new ArrayBufferWriter<byte>());
        var leaf = new byte[MerkleHash.Size];
        var start = new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
        await using (
            var log = new FileStream(PathOf(LedgerLayout.Log(2026, 11, 1)), FileMode.Create, FileAccess.Write, FileShare.None, Block)
        )
            for (var i = 0; i < records; i++)
            {
                var line = Encoding.UTF8.GetBytes(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{{\"action\":\"offboarding.remove\",\"actor\":\"LeaverCase (HR "
                            + $"event)\",\"controls\":[\"LEAVE-012\"],\"correlationId\":\"{i:x32}\",\"counts\":{{\"done\":"
                            + $"{i % 300}}},\"id\":\"p-{i * 7919L:x32}-1-remove-{i % 4096:x12}-0\",\"loggedAt\":"
                            + $"\"{start.AddMilliseconds(i * 40L).UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}\",\"outcome\":"
                            + $"\"complete\",\"planId\":\"{i:x64}\",\"policySha256\":\"{7:x64}\",\"tenantId\":\"{Tenant}\","
                            + $"\"time\":\"2026-11-01T06:00:00Z\",\"version\":1}}"
                    )
                );
                log.Write(line);
                log.WriteByte((byte)'\n');
                EntryBundle.Write(bundle, line);
                MerkleHash.Leaf(line, leaf);
                foreach (var tile in tree.Append(leaf))
                {
                    if (tile.Ref.Level == 0)
                    {
                        await File.WriteAllBytesAsync(PathOf(TilePath.Entries(tile.Ref.Index, TilePath.Width)), bundle.WrittenMemory);
                        bundle.ResetWrittenCount();
                    }
                    await File.WriteAllBytesAsync(PathOf(TilePath.Create(tile.Ref)), tile.Hashes);
                }
            }
        foreach (var partial in tree.Partial())
            await File.WriteAllBytesAsync(PathOf(TilePath.Create(partial.Ref)), partial.Hashes);
        if (bundle.WrittenCount > 0)
            await File.WriteAllBytesAsync(
                PathOf(TilePath.Entries(records / TilePath.Width, records % TilePath.Width)),
                bundle.WrittenMemory
            );
        var note = (
            await SignedNote.SignAsync(new Checkpoint(Origin, records, tree.Root(), []).Format(), [signer], CancellationToken.None)
        ).Format();
        await File.WriteAllBytesAsync(PathOf(LedgerLayout.Checkpoint(records)), note);
        await File.WriteAllBytesAsync(PathOf(LedgerLayout.Head), note);
        return signer.Key.Format();

        string PathOf(string path)
        {
            var full = Path.Combine([folder, .. path.Split('/')]);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            return full;
        }
    }

    // Log and checkpoints: what verification without tiles reads.
    private static async Task UploadAsync(string connection, string folder)
    {
        var service = new BlobServiceClient(connection);
        foreach (var container in new[] { LedgerLayout.Container, LedgerLayout.HeadContainer })
            await service.GetBlobContainerClient(container).CreateIfNotExistsAsync();
        var blobs = service.GetBlobContainerClient(LedgerLayout.Container);
        var buffer = new byte[Block];
        foreach (var file in Directory.EnumerateFiles(Path.Combine(folder, LedgerLayout.LogFolder)))
        {
            var blob = blobs.GetAppendBlobClient($"{Tenant}/{LedgerLayout.LogFolder}{Path.GetFileName(file)}");
            await blob.CreateAsync();
            await using var stream = File.OpenRead(file);
            for (int read; (read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false)) > 0;)
            {
                using var block = new MemoryStream(buffer, 0, read);
                await blob.AppendBlockAsync(block);
            }
        }
        foreach (var file in Directory.EnumerateFiles(Path.Combine(folder, LedgerLayout.CheckpointFolder)))
            await blobs.GetBlobClient($"{Tenant}/{LedgerLayout.CheckpointFolder}{Path.GetFileName(file)}").UploadAsync(file);
        await service
            .GetBlobContainerClient(LedgerLayout.HeadContainer)
            .GetBlobClient($"{Tenant}/{LedgerLayout.Head}")
            .UploadAsync(Path.Combine(folder, LedgerLayout.Head));
    }

    private static async Task<Run> ChildAsync(string[] part)
    {
        using var child = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [Role, .. part]) { RedirectStandardOutput = true })!;
        var output = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        return child.ExitCode == 0
            ? JsonSerializer.Deserialize<Run>(output)!
            : throw new InvalidOperationException($"{part[0]} ended with {child.ExitCode}");
    }

    private sealed record Run(double Seconds, long Records, double Processor, double PeakMegabytes);

    private sealed class Counting(ITileSource source) : ITileSource
    {
        public int Reads { get; private set; }

        public Task<byte[]> ReadAsync(TileRef tile, CancellationToken cancellationToken)
        {
            Reads++;
            return source.ReadAsync(tile, cancellationToken);
        }
    }
}
