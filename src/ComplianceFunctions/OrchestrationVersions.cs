namespace ComplianceFunctions;

/// <summary>
/// Versions of the orchestrations. A new instance gets the <c>defaultVersion</c> of host.json; orchestrators branch on
/// <c>context.Version</c> where an instance of an earlier version has to go on as it began. docs/architecture/versions.md says how a
/// change is deployed.
/// </summary>
internal static class OrchestrationVersions
{
    /// <summary>The version of this code: the <c>defaultVersion</c> of host.json.</summary>
    public const string Current = "1.0";
}
