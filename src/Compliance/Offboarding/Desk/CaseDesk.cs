using Compliance.Offboarding.Cases;
using Compliance.Storage;

namespace Compliance.Offboarding.Desk;

/// <summary>Shows cases and their documents.</summary>
public sealed class CaseDesk
{
    private readonly TenantId _tenant;
    private readonly ILeaverCases _cases;
    private readonly BlobDocumentStore _documents;

    internal CaseDesk(TenantId tenant, ILeaverCases cases, BlobDocumentStore documents) =>
        (_tenant, _cases, _documents) = (tenant, cases, documents);

    /// <summary>All cases, the latest first.</summary>
    public async Task<IReadOnlyList<LeaverCase>> CasesAsync(CancellationToken cancellationToken) =>
        [
            .. (await _cases.AllAsync(_tenant.Value, cancellationToken))
                .OrderByDescending(c => c.ReceivedAt)
                .ThenBy(c => c.Id, StringComparer.Ordinal),
        ];

    /// <summary>
    /// One case; null when there is none. It is also found by the id that its employment's events give today: an earlier version may have
    /// stored it under another spelling of the employee's id, or it was started for cause before HR reported on the employment.
    /// </summary>
    public async Task<LeaverCase?> CaseAsync(string caseId, CancellationToken cancellationToken) =>
        await _cases.FindAsync(_tenant.Value, caseId, cancellationToken)
        ?? (await _cases.AllAsync(_tenant.Value, cancellationToken)).FirstOrDefault(c =>
            c.EmployeeId != LeaverCase.Erased && HrEventKeys.CaseOf(_tenant.Value, c.EmployeeId, c.Employment) == caseId
        );

    /// <summary>
    /// A document of a case's round: <c>snapshot.json</c>, <c>snapshot-later.json</c>, <c>state.json</c>, <c>plan-ID.json</c>,
    /// <c>certificate.json</c>, <c>certificate.html</c>; null when there is none.
    /// </summary>
    public async Task<BinaryData?> DocumentAsync(string caseId, string document, CancellationToken cancellationToken) =>
        await CaseAsync(caseId, cancellationToken) is { } known && IsName(document)
            ? await _documents.LoadBytesAsync(CaseDocuments.Name(known.Id, known.Round, document), cancellationToken)
            : null;

    // Names come from outside: letters, digits, dot and dash only.
    private static bool IsName(string name) =>
        name.Length is > 0 and < 200
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.')
        && !name.Contains("..", StringComparison.Ordinal);
}
