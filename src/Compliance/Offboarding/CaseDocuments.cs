namespace Compliance.Offboarding;

/// <summary>Where the documents of leaver cases are kept.</summary>
internal static class CaseDocuments
{
    /// <summary>The container in the state account.</summary>
    public const string Container = "leavers";
}
