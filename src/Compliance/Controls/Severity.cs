namespace Compliance.Controls;

/// <summary>How bad a finding is; ordered, so that <c>&gt;=</c> means "at or above".</summary>
public enum Severity
{
    /// <summary>Worth knowing; nothing to do.</summary>
    Info,

    /// <summary>To be done when convenient.</summary>
    Low,

    /// <summary>To be planned.</summary>
    Medium,

    /// <summary>To be done now.</summary>
    High,

    /// <summary>To be done before anything else.</summary>
    Critical,
}
