using Compliance.Controls;

namespace Local;

/// <summary>What <c>run</c> was asked to do.</summary>
internal sealed record RunOptions
{
    /// <summary>Do the check one time and end.</summary>
    public bool Once { get; init; }

    /// <summary>Start all but the app, and write its settings for <c>func start</c>.</summary>
    public bool SettingsOnly { get; init; }

    /// <summary>Read the real tenant that the app's settings name; no sandbox.</summary>
    public bool Real { get; init; }

    /// <summary>The clock of the app and the sandbox (UTC); null for the real one.</summary>
    public DateTimeOffset? Now { get; init; }

    /// <summary>
    /// A command to run once all has started, in place of the check; what was started is stopped after it. Null for none.
    /// </summary>
    public IReadOnlyList<string>? Around { get; init; }

    /// <summary>With <see cref="Once"/>: put the demo tenant's data into Azurite too. Without it a run always does.</summary>
    public bool Data { get; init; }

    /// <summary>Folder of a tenant's files; null for the demo tenant.</summary>
    public string? Tenant { get; init; }

    /// <summary>Faults the sandbox injects; null for none.</summary>
    public string? Faults { get; init; }

    /// <summary>Severity at or above which an open finding fails the run; null for none.</summary>
    public Severity? FailOn { get; init; }

    /// <summary>Print the report as JSON.</summary>
    public bool Json { get; init; }

    /// <summary>Empty the state first.</summary>
    public bool Fresh { get; init; }

    /// <summary>Loopback port of the app; null for the default of the mode.</summary>
    public int? Port { get; init; }

    /// <summary>Loopback port of the sandbox; null for the default of the mode.</summary>
    public int? SandboxPort { get; init; }

    /// <summary>First of Azurite's three loopback ports; null for the default of the mode.</summary>
    public int? AzuritePort { get; init; }

    /// <summary>Policy file; null for the one that ships.</summary>
    public string? Policy { get; init; }

    /// <summary>State folder; null for <c>.local</c> in the checkout.</summary>
    public string? State { get; init; }
}
