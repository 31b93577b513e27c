using Compliance.Tenants;

namespace Compliance.Minimization.Inventory;

/// <summary>
/// What could not be read, or not to its end. It is never left out: what is in it is not known, and not known is neither clean nor
/// unclassified.
/// </summary>
/// <param name="Source">Which source, the same in every run, for example <c>blob/ctsraw/prompts</c>.</param>
/// <param name="ResourceId">Resource Manager id of what holds it; null for all of the tenant.</param>
/// <param name="Reason">What happened, for people; no secret.</param>
/// <param name="Permission">The role or action that seems to be missing; null when that is not the reason.</param>
/// <param name="Remedy">What corrects it.</param>
internal sealed record Unread(string Source, string? ResourceId, string Reason, string? Permission, string Remedy)
{
    /// <summary>Shows what an exception of a read means.</summary>
    /// <param name="source">Which source.</param>
    /// <param name="resourceId">What holds it.</param>
    /// <param name="e">What was thrown.</param>
    /// <param name="call">The call that failed.</param>
    /// <param name="identity">Client id of the identity in use; null for the Azure CLI's user.</param>
    public static Unread From(string source, string? resourceId, Exception e, DeclaredCall call, string? identity)
    {
        var failure = ReadFailure.From(e, call, resourceId, identity);
        return new(source, resourceId, failure.Reason, failure.Permission, failure.Remedy);
    }
}
