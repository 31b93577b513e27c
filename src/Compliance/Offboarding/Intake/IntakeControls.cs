namespace Compliance.Offboarding.Intake;

/// <summary>Ids of the intake's controls, and the sources their findings are read from.</summary>
internal static class IntakeControls
{
    /// <summary>Somebody left, and no event said so.</summary>
    public const string EventNeverCame = "LEAVE-001";

    /// <summary>HR is silent, or its roster cannot be used.</summary>
    public const string HrSilent = "LEAVE-002";

    /// <summary>An HR event was refused.</summary>
    public const string EventRefused = "LEAVE-004";

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
