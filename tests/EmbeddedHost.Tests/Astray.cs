namespace EmbeddedHost.Tests.Astray;

// Mirrors with one thing wrong each, so that the test of signatures is seen to notice it.
public class TimerInfo
{
    public ScheduleStatus? ScheduleStatus { get; set; }

    public bool IsPastDue { get; set; }

    public bool Extra { get; }
}

[AttributeUsage(AttributeTargets.Method)]
public class FunctionAttribute(string title) : Attribute
{
    public string Name { get; } = title;
}

public class ScheduleStatus
{
    public DateTimeOffset Last { get; set; }
}

[AttributeUsage(AttributeTargets.Method)]
public sealed class QueueOutputAttribute(string queueName = "input") : Attribute
{
    public string QueueName { get; } = queueName;
}

[AttributeUsage(AttributeTargets.Parameter)]
public sealed class EventGridTriggerAttribute : Attribute;

public class Unlisted;
