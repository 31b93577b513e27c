namespace Compliance.Controls;

/// <summary>One thing the organisation promises and this app checks.</summary>
/// <param name="Id">Stable id, for example <c>CRED-001</c>; stored data and policy refer to it, so it never changes.</param>
/// <param name="Title">What is wrong when the control fails, in a few words.</param>
/// <param name="Severity">Severity of a finding unless policy says otherwise.</param>
/// <param name="Why">Why it matters, in one sentence.</param>
/// <param name="Serves">Clauses of regulations and standards it serves, for example <c>SOC 2 CC6.1</c>. Clause numbers only.</param>
public sealed record Control(string Id, string Title, Severity Severity, string Why, IReadOnlyList<string> Serves);
