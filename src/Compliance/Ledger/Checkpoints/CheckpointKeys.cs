using Compliance.Ledger.Format;

namespace Compliance.Ledger.Checkpoints;

/// <summary>No checkpoint can be signed now. The text says why, never a secret.</summary>
/// <param name="problem">What is wrong.</param>
/// <param name="nextStep">What corrects it.</param>
/// <param name="inner">What found it, if another part did.</param>
internal sealed class CheckpointKeyException(string problem, string nextStep, Exception? inner = null) : Exception(problem, inner)
{
    /// <summary>What corrects it.</summary>
    public string NextStep { get; } = nextStep;
}

/// <summary>A private key with its public one.</summary>
/// <param name="Signer">Signs.</param>
/// <param name="Key">Verifies.</param>
internal sealed record CheckpointSigner(INoteSigner Signer, NoteKey Key);

/// <summary>Gives the key that signs checkpoints now.</summary>
internal interface ISigningKey
{
    /// <summary>The key, under the name of a log.</summary>
    /// <param name="origin">The log's origin, which is the key's name too.</param>
    /// <param name="cancellationToken">Stops the reading of the key.</param>
    /// <exception cref="CheckpointKeyException">There is none, or it cannot be read.</exception>
    Task<CheckpointSigner> SignerAsync(string origin, CancellationToken cancellationToken);
}

/// <summary>The keys of this app: the one that signs, and all that are trusted.</summary>
/// <param name="signing">The key that signs now.</param>
/// <param name="trusted">Public keys of before, which signed older checkpoints.</param>
internal sealed class CheckpointKeys(ISigningKey signing, IReadOnlyList<NoteKey> trusted)
{
    /// <summary>The origin of a tenant's log, and the name of its keys.</summary>
    public static string OriginOf(string tenant) => $"compliancefunctions/{tenant}";

    /// <summary>The key that signs now.</summary>
    /// <inheritdoc cref="ISigningKey.SignerAsync" path="/exception"/>
    public Task<CheckpointSigner> SignerAsync(string tenant, CancellationToken cancellationToken) =>
        signing.SignerAsync(OriginOf(tenant), cancellationToken);

    /// <summary>All keys that a tenant's checkpoints may be signed with.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="now">The key that signs now; null when it cannot be had.</param>
    public IReadOnlyCollection<NoteKey> Trusted(string tenant, CheckpointSigner? now) =>
        [
            .. now is null ? Array.Empty<NoteKey>() : [now.Key],
            .. trusted.Where(k => k.Name == OriginOf(tenant) && k.ToString() != now?.Key.ToString()),
        ];

    /// <summary>Reads a note that must be one of this log's checkpoints.</summary>
    /// <param name="note">Its bytes; anything may stand here.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="trusted">The keys it may be signed with.</param>
    /// <param name="part">Part of the ledger that a problem is one of.</param>
    /// <param name="what">What it is called in a problem.</param>
    /// <exception cref="CheckpointProblemException">It is none, or no trusted key signed it.</exception>
    public static TrustedCheckpoint Trust(byte[] note, string tenant, IReadOnlyCollection<NoteKey> trusted, string part, string what)
    {
        try
        {
            var signed = SignedNote.Parse(note);
            var verdict = signed.Verify(trusted);
            if (verdict.Trust == NoteTrust.Unknown)
                throw new CheckpointProblemException(
                    CheckpointProblem.In(
                        part,
                        $"{what}: {verdict.Reason}",
                        "If the signing key was changed, put the public key of before into setting Evidence:TrustedKeys; if it was not, "
                            + "somebody else wrote this checkpoint: treat it as an incident"
                    )
                );
            if (!verdict.Trusted)
                throw new CheckpointProblemException(CheckpointProblem.In(part, $"{what}: {verdict.Reason}"));
            var checkpoint = Checkpoint.Parse(signed.Text);
            return checkpoint.Origin == OriginOf(tenant)
                ? new(checkpoint, note, verdict.SignedBy)
                : throw new CheckpointProblemException(CheckpointProblem.In(part, $"{what} is a checkpoint of another log"));
        }
        catch (LedgerFormatException e)
        {
            throw new CheckpointProblemException(CheckpointProblem.In(part, $"{what} is no checkpoint: {e.Message}"), e);
        }
    }
}

/// <summary>A checkpoint that a trusted key signed.</summary>
/// <param name="Checkpoint">What it says.</param>
/// <param name="Note">Its bytes.</param>
/// <param name="SignedBy">The trusted keys that signed it.</param>
internal sealed record TrustedCheckpoint(Checkpoint Checkpoint, byte[] Note, IReadOnlyList<NoteKey> SignedBy)
{
    /// <summary>How many leaves it covers.</summary>
    public long Size => Checkpoint.Size;
}
