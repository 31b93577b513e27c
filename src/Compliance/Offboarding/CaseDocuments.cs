using System.Globalization;

namespace Compliance.Offboarding;

/// <summary>Where the documents of leaver cases are kept.</summary>
internal static class CaseDocuments
{
    /// <summary>The container in the state account.</summary>
    public const string Container = "leavers";

    /// <summary>Name of a document of one round of a case.</summary>
    public static string Name(string caseId, int round, string document) =>
        string.Create(CultureInfo.InvariantCulture, $"{caseId}/{round}/{document}");
}
