using Compliance.Storage;

namespace Compliance.Minimization.Sweeps;

/// <summary>Names of this app's own storage accounts: no rule reaches them.</summary>
/// <param name="Names">The names.</param>
internal sealed record OwnAccounts(IReadOnlySet<string> Names)
{
    /// <summary>Those that the settings name.</summary>
    public static OwnAccounts Read(StorageOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new(
            new[] { options.State, options.Evidence }.Select(a => NameOf(a.BlobEndpoint)).ToHashSet(StringComparer.OrdinalIgnoreCase)
        );
    }

    // An emulator has the account in its path.
    private static string NameOf(Uri endpoint) =>
        endpoint.IsLoopback ? endpoint.AbsolutePath.Trim('/').Split('/')[0] : endpoint.Host.Split('.')[0];
}
