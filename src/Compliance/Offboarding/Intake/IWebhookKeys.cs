namespace Compliance.Offboarding.Intake;

/// <summary>The keys that a webhook request may be signed with.</summary>
internal interface IWebhookKeys
{
    /// <summary>The valid keys, newest first, as read not long ago; empty when none could be read.</summary>
    Task<IReadOnlyList<byte[]>> CurrentAsync(CancellationToken stop);

    /// <summary>As <see cref="CurrentAsync"/>, read again first unless that happened a moment ago.</summary>
    Task<IReadOnlyList<byte[]>> AgainAsync(CancellationToken stop);
}
