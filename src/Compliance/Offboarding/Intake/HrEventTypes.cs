namespace Compliance.Offboarding.Intake;

/// <summary>The CloudEvents types of HR events.</summary>
internal static class HrEventTypes
{
    /// <summary>Every kind with its type.</summary>
    public static IReadOnlyList<(HrEventKind Kind, string Type)> All { get; } =
    [
        (HrEventKind.Terminated, "hr.employee.terminated"),
        (HrEventKind.Rescheduled, "hr.employee.termination.rescheduled"),
        (HrEventKind.Cancelled, "hr.employee.termination.cancelled"),
        (HrEventKind.Rehired, "hr.employee.rehired"),
    ];

    /// <summary>The type of a kind.</summary>
    public static string NameOf(HrEventKind kind) => All.First(t => t.Kind == kind).Type;

    /// <summary>The kind of a type; null when it is none of ours.</summary>
    public static HrEventKind? KindOf(string type) => All.Where(t => t.Type == type).Select(t => (HrEventKind?)t.Kind).FirstOrDefault();
}
