using Azure;
using Compliance.Minimization.Inventory;

namespace Compliance.Minimization.Sweeps;

/// <summary>What could not be read, and is not going to be read by trying again: a permission or a firewall.</summary>
/// <param name="unread">What, with what to do.</param>
internal sealed class UnreadException(Unread unread) : Exception($"{unread.Source} could not be read: {unread.Reason}. {unread.Remedy}")
{
    /// <summary>What, with what to do.</summary>
    public Unread Unread { get; } = unread;

    /// <summary>The exception of what could not be read.</summary>
    public static Exception From(Unread unread) =>
        unread.Permission is not null || unread.Reason.StartsWith("403", StringComparison.Ordinal)
            ? new UnreadException(unread)
            : new RequestFailedException(503, $"{unread.Source} could not be read: {unread.Reason}");
}
