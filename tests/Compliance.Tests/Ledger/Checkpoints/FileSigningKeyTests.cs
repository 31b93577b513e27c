using Compliance.Ledger.Checkpoints;
using Compliance.Ledger.Format;

namespace Compliance.Tests.Ledger.Checkpoints;

public sealed class FileSigningKeyTests : IDisposable
{
    private const string Origin = "compliancefunctions/t";

    private readonly string _folder = Directory.CreateTempSubdirectory("signing-key-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Pem => Path.Combine(_folder, "state", "evidence-key.pem");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_missing_key_is_made_once_for_its_owner_alone_with_the_public_one_beside_it()
    {
        // One try shows it now and then; thirty do so every time.
        for (var round = 0; round < 30; round++)
        {
            var pem = Path.Combine(_folder, $"{round}", "evidence-key.pem");
            using var together = new Barrier(8);
            var made = await Task.WhenAll(
                Enumerable
                    .Range(0, 8)
                    .Select(_ =>
                        Task.Factory.StartNew(
                            () =>
                            {
                                using var key = new FileSigningKey(pem, mayMake: true);
                                together.SignalAndWait(Stop);
                                return key.SignerAsync(Origin, Stop).Result.Key.Format();
                            },
                            Stop,
                            TaskCreationOptions.LongRunning,
                            TaskScheduler.Default
                        )
                    )
            );

            var shown = await File.ReadAllTextAsync(Path.ChangeExtension(pem, ".vkey"), Stop);
            Assert.Equal([shown], made.Distinct().Select(k => k + "\n"));
            Assert.Equal(
                ["evidence-key.pem", "evidence-key.vkey"],
                Directory.GetFiles(Path.GetDirectoryName(pem)!).Select(Path.GetFileName).Order(StringComparer.Ordinal)
            );
            if (!OperatingSystem.IsWindows())
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(pem));
        }
    }

    [Fact]
    public async Task Elsewhere_a_missing_key_is_an_error_and_none_is_made()
    {
        using var key = new FileSigningKey(Pem, mayMake: false);

        var e = await Assert.ThrowsAsync<CheckpointKeyException>(() => key.SignerAsync(Origin, Stop));

        Assert.Contains(EvidenceOptions.SigningKeySetting, e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public async Task A_key_that_is_there_is_used_and_one_that_is_none_is_not_replaced()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Pem)!);
        var pem = KeyFileSigner.NewPem();
        await File.WriteAllTextAsync(Pem, pem, Stop);
        using (var key = new FileSigningKey(Pem, mayMake: true))
        using (var expected = KeyFileSigner.FromPem(Origin, pem))
            Assert.Equal(expected.Key.Format(), (await key.SignerAsync(Origin, Stop)).Key.Format());

        await File.WriteAllTextAsync(Pem, "nonsense", Stop);
        using var broken = new FileSigningKey(Pem, mayMake: true);

        await Assert.ThrowsAsync<CheckpointKeyException>(() => broken.SignerAsync(Origin, Stop));
        Assert.Equal("nonsense", await File.ReadAllTextAsync(Pem, Stop));
    }
}
