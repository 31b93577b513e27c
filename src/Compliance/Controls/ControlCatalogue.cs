using System.Collections.Frozen;

namespace Compliance.Controls;

/// <summary>Every control this app checks. Each has a page <c>docs/reference/controls/ID.md</c>; a test holds both in step.</summary>
/// <remarks>
/// Clause numbers are facts about the published standards: SOC 2 (2017 criteria), ISO/IEC 27001:2022 and 42001:2023, PCI DSS 4.0.1, 45 CFR
/// 164.
/// </remarks>
public static class ControlCatalogue
{
    /// <summary>Id of the control that a flagged application has a living owner.</summary>
    public const string NoLivingOwner = "CRED-006";

    /// <summary>Id of the control that a key which is due rotates by itself.</summary>
    public const string NoRotationPolicy = "CRED-007";

    /// <summary>Id of the control that every source is read to its end.</summary>
    public const string SourceNotRead = "GAP-001";

    /// <summary>Id of the control that no subscription vanishes from view.</summary>
    public const string SubscriptionNotVisible = "GAP-002";

    /// <summary>Id of the control that every scheduled control runs.</summary>
    public const string MissedRun = "RUN-001";

    /// <summary>Id of the control that every message is processed and every event delivered.</summary>
    public const string MessageLeft = "RUN-002";

    /// <summary>Id of the control that nothing that has to be done is paused.</summary>
    public const string ActsPaused = "RUN-003";

    /// <summary>Id of the control that what a leaver could read is rotated.</summary>
    public const string KnownByLeaver = "LEAVE-020";

    private const string CommonCriteriaAccess = "SOC 2 CC6.1";
    private const string CommonCriteriaMonitoring = "SOC 2 CC4.1";
    private const string AuthenticationInformation = "ISO 27001 A.5.17";
    private const string Cryptography = "ISO 27001 A.8.24";
    private const string Evaluation = "ISO 27001 9.1";
    private const string AiEvaluation = "ISO 42001 9.1";
    private const string AccessRemoval = "SOC 2 CC6.3";
    private const string AccessRights = "ISO 27001 A.5.18";
    private const string AfterEmployment = "ISO 27001 A.6.5";
    private const string TerminationProcedures = "HIPAA 164.308(a)(3)(ii)(C)";
    private const string TerminatedUsers = "PCI DSS 8.2.5";
    private const string ProtectedRecords = "ISO 27001 A.5.33";
    private const string ProtectedLogs = "ISO 27001 A.8.15";
    private const string Integrity = "HIPAA 164.312(c)(1)";
    private const string LogIntegrity = "PCI DSS 10.3.2";
    private const string EntityAuthentication = "HIPAA 164.312(d)";
    private const string SystemAccountSecrets = "PCI DSS 8.6.3";

    /// <summary>All controls, by id.</summary>
    public static IReadOnlyList<Control> All { get; } =
    [
        new(
            "CRED-001",
            "Credential is older than allowed",
            Severity.High,
            "The longer a credential is in use, the more copies of it exist and the longer a leaked one works.",
            [CommonCriteriaAccess, AuthenticationInformation, EntityAuthentication, SystemAccountSecrets]
        ),
        new(
            "CRED-002",
            "Credential has ended and is still there",
            Severity.Medium,
            "What nobody removes hides what still matters, and shows that nobody looks after the object.",
            [CommonCriteriaAccess, AuthenticationInformation]
        ),
        new(
            "CRED-003",
            "Credential ends soon",
            Severity.Low,
            "A credential that ends before it is replaced takes a system down.",
            [CommonCriteriaAccess, "SOC 2 A1.2", AuthenticationInformation]
        ),
        new(
            "CRED-004",
            "Credential lives longer than allowed, or never ends",
            Severity.Medium,
            "An end date is the only thing that stops a credential which everybody forgot.",
            [CommonCriteriaAccess, AuthenticationInformation, SystemAccountSecrets]
        ),
        new(
            "CRED-005",
            "Age of a credential is not known",
            Severity.Medium,
            "What cannot be aged cannot be shown to have been rotated.",
            [CommonCriteriaAccess, AuthenticationInformation, SystemAccountSecrets]
        ),
        new(
            NoLivingOwner,
            "Flagged application has no living owner",
            Severity.Medium,
            "A problem without an owner is not corrected.",
            [CommonCriteriaAccess, "ISO 27001 A.5.9"]
        ),
        new(
            NoRotationPolicy,
            "Key is due and does not rotate by itself",
            Severity.Medium,
            "A key that waits for somebody to remember it is rotated late.",
            [CommonCriteriaAccess, Cryptography, "PCI DSS 3.7.4"]
        ),
        new(
            "CRED-008",
            "Storage account does not state when its keys are due",
            Severity.Low,
            "Without a key-expiration policy the account itself warns nobody.",
            [CommonCriteriaAccess, AuthenticationInformation]
        ),
        new(
            "CRED-009",
            "Resource accepts keys of unknown age",
            Severity.Medium,
            "Such a key names no person and no system, does not end, and cannot be shown to have been rotated.",
            [CommonCriteriaAccess, AuthenticationInformation, "ISO 27001 A.8.5", EntityAuthentication]
        ),
        new(
            SourceNotRead,
            "Source could not be read to its end",
            Severity.High,
            "What was not looked at may hold anything; silence about it would read as all good.",
            [CommonCriteriaMonitoring, Evaluation, AiEvaluation]
        ),
        new(
            SubscriptionNotVisible,
            "Subscription is no longer visible",
            Severity.High,
            "A subscription that drops out of view takes its findings with it.",
            [CommonCriteriaMonitoring, "ISO 27001 A.5.9", Evaluation]
        ),
        new(
            KnownByLeaver,
            "Secret was readable by a leaver and must be rotated now",
            Severity.High,
            "Disabling an account does not make anybody forget: a secret that was read works until it is changed.",
            [CommonCriteriaAccess, "SOC 2 CC6.2", AuthenticationInformation, "ISO 27001 A.6.5", EntityAuthentication, SystemAccountSecrets]
        ),
        new(
            MissedRun,
            "Scheduled control missed its run",
            Severity.High,
            "A control that does not run finds nothing, which looks the same as a control that finds nothing wrong.",
            [CommonCriteriaMonitoring, Evaluation, AiEvaluation]
        ),
        new(
            MessageLeft,
            "Message was not processed or not delivered",
            Severity.High,
            "A message that was given up may be a leaver who keeps all access, and the queue it lies in reports nothing.",
            [CommonCriteriaMonitoring, Evaluation, AiEvaluation]
        ),
        new(
            ActsPaused,
            "Acts are paused",
            Severity.High,
            "While acts are held, access that has to end stays, and a pause that everybody forgot never ends by itself.",
            [CommonCriteriaMonitoring, AccessRemoval, AccessRights, TerminationProcedures]
        ),
        new(
            "LEAVE-001",
            "Somebody left and no HR event came",
            Severity.Critical,
            "Whoever is not reported keeps all access.",
            [AccessRemoval, AccessRights, AfterEmployment, TerminationProcedures, TerminatedUsers]
        ),
        new(
            "LEAVE-002",
            "HR is silent, or its roster cannot be used",
            Severity.High,
            "An HR system that stopped sending looks the same as one whose people all stay.",
            [CommonCriteriaMonitoring, AccessRights, Evaluation]
        ),
        new(
            "LEAVE-003",
            "Nobody or several people fit a leaver",
            Severity.High,
            "Blocking the wrong person does harm, and blocking nobody leaves the leaver in.",
            [AccessRemoval, AccessRights, TerminationProcedures]
        ),
        new(
            "LEAVE-004",
            "HR event was refused",
            Severity.High,
            "A refused event may be a leaver who stays in, or somebody who forges events.",
            [AccessRemoval, CommonCriteriaMonitoring, AfterEmployment]
        ),
        new(
            "LEAVE-010",
            "Leaver waits for approvals past the deadline",
            Severity.Critical,
            "A hold protects nobody when it is forgotten: the person may still have all access.",
            [AccessRemoval, AccessRights, TerminationProcedures, TerminatedUsers]
        ),
        new(
            "LEAVE-011",
            "A guard holds a leaver",
            Severity.High,
            "Blocking a protected account does harm, and so does leaving a leaver in: people decide.",
            [AccessRemoval, AccessRights, TerminationProcedures]
        ),
        new(
            "LEAVE-012",
            "A leaver's access was not seen removed in time",
            Severity.Critical,
            "Access that is still there, or was not looked at, can be used.",
            [AccessRemoval, AccessRights, TerminationProcedures, TerminatedUsers]
        ),
        new(
            "LEAVE-013",
            "A step of an offboarding needs a person or a permission",
            Severity.High,
            "What this program cannot or may not remove stays until somebody does.",
            [AccessRemoval, AccessRights, TerminationProcedures]
        ),
        new(
            "LEAVE-014",
            "A former leaver has access again",
            Severity.Critical,
            "An account that comes back after its owner left is used by somebody else, or by mistake.",
            [AccessRemoval, AccessRights, AfterEmployment, TerminatedUsers]
        ),
        new(
            "LEAVE-015",
            "A leaver case does not go on",
            Severity.Critical,
            "An offboarding that stands still looks the same as one that has nothing to do.",
            [AccessRemoval, CommonCriteriaMonitoring, TerminationProcedures, TerminatedUsers]
        ),
        new(
            "LEAVE-016",
            "A start for cause was not confirmed in time",
            Severity.Critical,
            "One person alone must not be able to lock another out unseen.",
            [AccessRemoval, CommonCriteriaMonitoring, AccessRights]
        ),
        new(
            "EVID-001",
            "Evidence ledger does not verify",
            Severity.Critical,
            "Evidence that was changed, or may have been, proves nothing, and somebody may have reason to change it.",
            [CommonCriteriaMonitoring, ProtectedRecords, ProtectedLogs, Integrity, LogIntegrity]
        ),
        new(
            "EVID-002",
            "Evidence ledger could not be checked or signed",
            Severity.High,
            "What is not signed can be rewritten unnoticed, and what is not checked may have been.",
            [CommonCriteriaMonitoring, ProtectedLogs, Evaluation, LogIntegrity]
        ),
        new(
            "EVID-003",
            "Checkpoint did not reach the auditor in time",
            Severity.High,
            "Only a checkpoint that lies outside the organisation shows that history was rewritten by those who hold its keys.",
            [CommonCriteriaMonitoring, ProtectedRecords, LogIntegrity]
        ),
        new(
            "EVID-004",
            "Evidence ledger is not write-once",
            Severity.High,
            "Evidence that its own keepers could remove is only their word.",
            [ProtectedRecords, ProtectedLogs, Integrity, LogIntegrity]
        ),
    ];

    private static readonly FrozenDictionary<string, Control> ById = All.ToFrozenDictionary(c => c.Id, StringComparer.Ordinal);

    /// <summary>The control with an id.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public static Control Get(string id) => ById[id];
}
