namespace Compliance.Controls;

/// <summary>The clauses that several controls serve, as a control lists them.</summary>
/// <remarks>
/// Clause numbers are facts about the published standards: SOC 2 (2017 criteria), ISO/IEC 27001:2022 and 42001:2023, PCI DSS 4.0.1, 45 CFR
/// 164.
/// </remarks>
internal static class Clauses
{
    public const string CommonCriteriaAccess = "SOC 2 CC6.1";
    public const string CommonCriteriaMonitoring = "SOC 2 CC4.1";
    public const string AuthenticationInformation = "ISO 27001 A.5.17";
    public const string Cryptography = "ISO 27001 A.8.24";
    public const string AssetInventory = "ISO 27001 A.5.9";
    public const string Evaluation = "ISO 27001 9.1";
    public const string AiEvaluation = "ISO 42001 9.1";
    public const string AccessRemoval = "SOC 2 CC6.3";
    public const string AccessRights = "ISO 27001 A.5.18";
    public const string AfterEmployment = "ISO 27001 A.6.5";
    public const string TerminationProcedures = "HIPAA 164.308(a)(3)(ii)(C)";
    public const string TerminatedUsers = "PCI DSS 8.2.5";
    public const string ProtectedRecords = "ISO 27001 A.5.33";
    public const string ProtectedLogs = "ISO 27001 A.8.15";
    public const string Integrity = "HIPAA 164.312(c)(1)";
    public const string LogIntegrity = "PCI DSS 10.3.2";
    public const string EntityAuthentication = "HIPAA 164.312(d)";
    public const string SystemAccountSecrets = "PCI DSS 8.6.3";
    public const string Deletion = "ISO 27001 A.8.10";
    public const string Classification = "ISO 27001 A.5.12";
    public const string TestInformation = "ISO 27001 A.8.33";
    public const string AiDataManagement = "ISO 42001 A.7.2";
    public const string StorageLimitation = "GDPR 5(1)(e)";
    public const string CardholderRetention = "PCI DSS 3.2.1";
    public const string LiveDataInTests = "PCI DSS 6.5.5";
}
