using Azure;
using Compliance.Minimization.Inventory;

namespace Compliance.Minimization.Sweeps;

/// <summary>An account and its data.</summary>
/// <param name="Facts">What Resource Manager shows of it.</param>
/// <param name="Data">Its data.</param>
internal sealed record OpenAccount(StorageAccountFacts Facts, DataAccount Data);

/// <summary>Opens accounts by their names.</summary>
internal interface IOpenAccounts
{
    /// <summary>The account.</summary>
    /// <exception cref="RequestFailedException">404: no account of this name is among those that are shown to this app.</exception>
    /// <exception cref="UnreadException">Its data cannot be read.</exception>
    Task<OpenAccount> OpenAsync(string account, CancellationToken cancellationToken);
}

/// <summary>The accounts that are shown to this app, remembered for some time: a sweep opens them for each container and batch.</summary>
internal sealed class AccountCatalogue(StorageAccounts accounts, DataAccess access, TimeProvider time) : IOpenAccounts, IDisposable
{
    private static readonly TimeSpan KnownFor = TimeSpan.FromMinutes(30);

    private readonly SemaphoreSlim _oneAtATime = new(1);
    private volatile Known? _known;

    /// <summary>All accounts, read afresh.</summary>
    public async Task<AccountInventory> ReadAsync(CancellationToken cancellationToken)
    {
        var read = await accounts.ReadAsync(cancellationToken);
        _known = new(read, time.GetUtcNow());
        return read;
    }

    /// <summary>Opens an account.</summary>
    /// <returns>Null, and why, where its data cannot be read.</returns>
    public OpenAccount? Open(StorageAccountFacts facts, out Unread? unread) =>
        access.Open(facts, out unread) is { } data ? new(facts, data) : null;

    /// <inheritdoc/>
    public async Task<OpenAccount> OpenAsync(string account, CancellationToken cancellationToken)
    {
        var read = await KnownAsync(cancellationToken);
        if (read.Accounts.FirstOrDefault(a => a.Name.Equals(account, StringComparison.OrdinalIgnoreCase)) is not { } facts)
            throw new RequestFailedException(404, $"no storage account {account} is shown to this app", "ResourceNotFound", null);
        return Open(facts, out var unread) ?? throw UnreadException.From(unread!);
    }

    /// <inheritdoc/>
    public void Dispose() => _oneAtATime.Dispose();

    private async Task<AccountInventory> KnownAsync(CancellationToken cancellationToken)
    {
        if (Remembered() is { } known)
            return known;
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            return Remembered() ?? await ReadAsync(cancellationToken);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private AccountInventory? Remembered() => _known is { } known && time.GetUtcNow() - known.At < KnownFor ? known.Read : null;

    private sealed record Known(AccountInventory Read, DateTimeOffset At);
}
