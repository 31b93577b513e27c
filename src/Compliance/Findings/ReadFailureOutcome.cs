using Compliance.Tenants;

namespace Compliance.Findings;

/// <summary>What a failed read of the tenant is to findings.</summary>
internal static class ReadFailureOutcome
{
    /// <summary>The outcome of a source that could not be read.</summary>
    public static SourceOutcome Outcome(this ReadFailure failure, string source, long objects, Subject subject, string? resourceId) =>
        new(source, Complete: false, objects, subject, failure.Reason, failure.Permission, failure.Remedy, resourceId);
}
