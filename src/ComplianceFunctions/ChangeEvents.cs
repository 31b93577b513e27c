namespace ComplianceFunctions;

/// <summary>Events that orchestrations of changes wait for, as raised.</summary>
internal static class ChangeEvents
{
    /// <summary>Raised when somebody answered a request for approval; the payload is the request's id.</summary>
    public const string Answered = "approval";
}
