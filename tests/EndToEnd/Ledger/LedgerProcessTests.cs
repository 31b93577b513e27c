using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Compliance.Ledger;
using Compliance.Ledger.Format;
using Compliance.Ledger.Verification;
using Testing;

namespace EndToEnd.Ledger;

/// <summary>Processes that append to one log at once, and processes that are killed while they do.</summary>
public sealed class LedgerProcessTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static int Kills => TestSize.IsLong ? 100 : 15;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_at_any_moment_a_writer_loses_nothing_it_acknowledged_and_doubles_nothing()
    {
        const string tenant = "killed";
        const int perLife = 120;
        var random = new Random(20261123);
        var kept = new List<EvidenceReceipt>();
        var kills = 0;
        for (var life = 0; kills < Kills; life++)
        {
            // It brings again what the life before it brought last, whether that was acknowledged or not. The clock goes on, so that months
            // end under it as well.
            var first = Math.Max(0, (life * perLife / 2) - 40);
            var mark = random.Next(0, perLife);
            var pause = TimeSpan.FromMicroseconds(random.Next(0, 4_000));
            using var writer = new Writer(azurite, tenant, days: life * 3, mark, $"r:{first}:{first + perLife}");
            await writer.Reached;
            await Task.Delay(pause, TimeProvider.System, Stop);
            kills += await writer.KillAsync() ? 1 : 0;
            kept.AddRange(writer.Kept);
            Assert.True(life < Kills * 2, "the writers end before they are killed");
        }
        using (var last = new Writer(azurite, tenant, days: 400, 0, $"r:0:{perLife}"))
        {
            await last.EndAsync();
            Assert.Equal(perLife, last.Kept.Count);
            kept.AddRange(last.Kept);
        }

        var lines = await LinesAsync(tenant);
        Check(lines, kept);
        Assert.True(kept.Count > Kills * 20, $"{kept.Count} receipts only");
        TestContext.Current.TestOutputHelper!.WriteLine($"{kills} kills, {kept.Count} receipts, {lines.Count} lines");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public async Task Processes_that_append_at_once_keep_every_record_once(int processes)
    {
        var tenant = $"at-once-{processes}";
        const int own = 100;
        const int shared = 60;
        var writers = Enumerable
            .Range(0, processes)
            .Select(p => new Writer(azurite, tenant, 0, 0, $"p{p}-:0:{own / 2}", $"shared:0:{shared}", $"p{p}-:{own / 2}:{own}"))
            .ToList();
        try
        {
            await Task.WhenAll(writers.Select(w => w.EndAsync()));

            var lines = await LinesAsync(tenant);
            Check(lines, writers.SelectMany(w => w.Kept));
            Assert.All(writers, w => Assert.Equal(own + shared, w.Kept.Count));
            Assert.Equal((own * processes) + shared, lines.Count(l => !l.OfTheLog));
        }
        finally
        {
            writers.ForEach(w => w.Dispose());
        }
    }

    // Each receipt is of a line that is there as it says, and no id is there twice.
    private static void Check(List<Line> lines, IEnumerable<EvidenceReceipt> kept)
    {
        Assert.Equal(lines.Select(l => l.Receipt.RecordId).Distinct(StringComparer.Ordinal), lines.Select(l => l.Receipt.RecordId));
        var byId = lines.ToDictionary(l => l.Receipt.RecordId, l => l.Receipt, StringComparer.Ordinal);
        Assert.All(kept, r => Assert.Equal(r, byId.GetValueOrDefault(r.RecordId)));
    }

    private async Task<List<Line>> LinesAsync(string tenant)
    {
        // The auditor's view: there is no checkpoint, and nothing else is wrong.
        var verified = await new LedgerVerifier(
            new BlobLedgerSource(azurite.EvidenceBlobs, tenant),
            new VerifyOptions { Keys = [] }
        ).VerifyAsync(Stop);
        Assert.Equal([LedgerProblemKind.NoCheckpoint], verified.Problems.Select(p => p.Kind));
        var container = new BlobContainerClient(azurite.EvidenceConnection, LedgerLayout.Container);
        var names = new List<string>();
        await foreach (var blob in container.GetBlobsAsync(new GetBlobsOptions { Prefix = $"{tenant}/{LedgerLayout.LogFolder}" }, Stop))
            names.Add(blob.Name);
        names.Sort(StringComparer.Ordinal);
        var lines = new List<Line>();
        foreach (var name in names)
        {
            var text = (await container.GetBlobClient(name).DownloadContentAsync(Stop)).Value.Content.ToString();
            var offset = 0L;
            string? next = null;
            foreach (var line in text.Split('\n')[..^1])
            {
                Assert.Null(next);
                var bytes = Encoding.UTF8.GetBytes(line);
                using var json = JsonDocument.Parse(line);
                var action = json.RootElement.GetProperty("action").GetString()!;
                lines.Add(
                    new(
                        new(
                            json.RootElement.GetProperty("id").GetString()!,
                            $"{LedgerLayout.Container}/{name}",
                            offset,
                            EvidenceLine.Sha256(bytes)
                        ),
                        action.StartsWith("ledger.", StringComparison.Ordinal)
                    )
                );
                offset += bytes.Length + 1;
                if (action == EvidenceLine.ClosedAction)
                    next = $"{tenant}/{json.RootElement.GetProperty("subject").GetString()}";
            }
            Assert.EndsWith("\n", text, StringComparison.Ordinal);
            Assert.Equal(names.SkipWhile(n => n != name).Skip(1).FirstOrDefault(), next);
        }
        return lines;
    }

    private sealed record Line(EvidenceReceipt Receipt, bool OfTheLog);
}
