using System.Security.Cryptography;
using System.Text;
using Compliance.Ledger.Format;

namespace Compliance.Ledger.Checkpoints;

/// <summary>
/// A key in a file on this machine: PEM (PKCS#8). Beside it lies the public key as one line, <c>evidence-key.vkey</c> for
/// <c>evidence-key.pem</c>, for whoever verifies.
/// </summary>
/// <param name="path">The PEM file.</param>
/// <param name="mayMake">Whether a missing file is made, readable by its owner alone: on a laptop. Elsewhere a missing key is an error, for
/// a new one would be trusted by nobody.</param>
internal sealed class FileSigningKey(string path, bool mayMake) : ISigningKey, IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly Lock _oneAtATime = new();
    private KeyFileSigner? _signer;

    /// <inheritdoc/>
    public Task<CheckpointSigner> SignerAsync(string origin, CancellationToken cancellationToken)
    {
        lock (_oneAtATime)
        {
            if (_signer?.Name != origin)
            {
                _signer?.Dispose();
                _signer = Read(origin);
            }
            return Task.FromResult(new CheckpointSigner(_signer, _signer.Key));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _signer?.Dispose();

    private KeyFileSigner Read(string origin)
    {
        try
        {
            return mayMake ? InTurn(() => MadeAndShown(origin)) : KeyFileSigner.FromPem(origin, File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or LedgerFormatException)
        {
            throw new CheckpointKeyException(
                $"the key file of setting {EvidenceOptions.SigningKeySetting} cannot be used: {e.Message}",
                "Put a P-256 key in PKCS#8 there (openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt), "
                    + "readable by the app alone",
                e
            );
        }
    }

    private KeyFileSigner MadeAndShown(string origin)
    {
        if (!File.Exists(path))
            Make();
        var signer = KeyFileSigner.FromPem(origin, File.ReadAllText(path));
        var (shown, line) = (Path.ChangeExtension(path, ".vkey"), signer.Key.Format() + "\n");
        if (!File.Exists(shown) || File.ReadAllText(shown) != line)
            File.WriteAllText(shown, line);
        return signer;
    }

    // Whole or not at all.
    private void Make()
    {
        var full = Path.GetFullPath(path);
        var folder = Directory.CreateDirectory(Path.GetDirectoryName(full)!).FullName;
        var made = Path.Combine(folder, $".{Path.GetFileName(full)}.{Environment.ProcessId}");
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        using (var writer = new StreamWriter(made, options))
            writer.WriteLine(KeyFileSigner.NewPem());
        File.Move(made, full, overwrite: false);
    }

    // Of processes that start together one makes the key: File.Move looks first and renames then, and would replace what came between.
    private T InTurn<T>(Func<T> act)
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(path))));
        using var turn = new Mutex($"compliance-signing-key-{name}", new NamedWaitHandleOptions { CurrentSessionOnly = false });
        try
        {
            turn.WaitOne();
        }
        catch (AbandonedMutexException)
        {
            // Whoever had the turn was killed: it is ours now.
        }
        try
        {
            return act();
        }
        finally
        {
            turn.ReleaseMutex();
        }
    }
}
