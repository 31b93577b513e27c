namespace Compliance.Offboarding.Intake;

/// <summary>The sources that the findings of the intake are read from, and the kinds of their subjects.</summary>
internal static class IntakeSources
{
    /// <summary>The events that arrived here.</summary>
    public const string EventsSource = "hr/events";

    /// <summary>The requests that the webhook got.</summary>
    public const string WebhookSource = "hr/webhook";

    /// <summary>The HR roster.</summary>
    public const string RosterSource = "hr/roster";

    /// <summary>The users compared with the HR roster: needs both.</summary>
    public const string RosterPeopleSource = "hr/roster/people";

    /// <summary>How long ago HR was last heard of.</summary>
    public const string HeartbeatSource = "hr/heartbeat";

    /// <summary>The users of the tenant.</summary>
    public const string UsersSource = "graph/users";

    /// <summary>Kinds of subject.</summary>
    public const string EventSubject = "hrEvent";

    /// <inheritdoc cref="EventSubject"/>
    public const string UserSubject = "user";
}
