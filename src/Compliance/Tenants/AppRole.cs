namespace Compliance.Tenants;

/// <summary>
/// An app role of the app's own registration: what the Entra token of whoever calls the app has to carry. Values and ids are stored in
/// tenants and never change.
/// </summary>
/// <param name="Value">What the token carries.</param>
/// <param name="Id">The role's id in the registration.</param>
/// <param name="Title">Its name in the portal.</param>
/// <param name="Description">What it allows.</param>
/// <param name="IsForPeople">Whether people and groups hold it; else applications do.</param>
internal sealed record AppRole(string Value, string Id, string Title, string Description, bool IsForPeople)
{
    /// <summary>Starts, pauses and plans; approves nothing.</summary>
    public static readonly AppRole Admin = new(
        "Compliance.Admin",
        "7cad0d8d-8ccf-43e5-a550-e8cef9c70cc4",
        "Compliance administrator",
        "Starts checks and cases, pauses acts and reads what the app knows.",
        IsForPeople: true
    );

    /// <summary>Answers requests for approval.</summary>
    public static readonly AppRole Approver = new(
        "Compliance.Approver",
        "504cbd3f-e4c2-4d5c-b62d-c0edbe413730",
        "Compliance approver",
        "Answers requests for approval. Two approvers are needed, and no one approves what they caused.",
        IsForPeople: true
    );

    /// <summary>Reads and changes nothing.</summary>
    public static readonly AppRole Auditor = new(
        "Compliance.Auditor",
        "2f2fc733-dfb7-4d09-852c-c2fc0c1fca95",
        "Compliance auditor",
        "Reads findings, cases and evidence, and changes nothing.",
        IsForPeople: true
    );

    /// <summary>Sees and answers what is their own.</summary>
    public static readonly AppRole Owner = new(
        "Compliance.Owner",
        "ec6c5432-ca2e-4e09-be35-2ba4b58a6da5",
        "Compliance owner",
        "Sees and answers the items that are their own, and no others.",
        IsForPeople: true
    );

    /// <summary>Sends HR events.</summary>
    public static readonly AppRole HrSystem = new(
        "Compliance.HrSystem",
        "ba7129a7-b2a7-488c-9940-82c269443a43",
        "Compliance HR system",
        "Sends HR events to the app.",
        IsForPeople: false
    );

    /// <summary>All of them.</summary>
    public static IReadOnlyList<AppRole> All { get; } = [Admin, Approver, Auditor, Owner, HrSystem];
}
