namespace Compliance.Changes.Approvals;

/// <summary>Gets to know at once that people are asked, so that they can be notified.</summary>
internal interface IRequestSignal
{
    /// <summary>
    /// A request was asked, or asked again. It must not fail: who asks goes on either way, and what is missed is found later.
    /// </summary>
    Task AskedAsync(ApprovalRequest request, CancellationToken cancellationToken);
}
