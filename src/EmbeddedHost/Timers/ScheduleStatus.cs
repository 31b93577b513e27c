namespace EmbeddedHost;

/// <summary>
/// Where a schedule stands. All times are UTC.
/// Stands for Microsoft.Azure.Functions.Worker.ScheduleStatus.
/// </summary>
public class ScheduleStatus
{
    /// <summary>When the function last ran; year 1 when it never did.</summary>
    public DateTime Last { get; set; }

    /// <summary>When it is due next.</summary>
    public DateTime Next { get; set; }

    /// <summary>The time <see cref="Next"/> was counted from.</summary>
    public DateTime LastUpdated { get; set; }
}
