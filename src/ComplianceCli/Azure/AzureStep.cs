namespace ComplianceCli.Azure;

/// <summary>One thing that a command makes sure of. The list of them is what <c>--print</c> shows and what a run does.</summary>
/// <param name="Description">What it makes sure of, beginning with a verb.</param>
/// <param name="Undo">How a person takes it back; null where nothing is changed.</param>
/// <param name="IsDoneAsync">
/// Whether nothing has to be done; only reads. Raises <see cref="CliException"/> where something is in the way that no step corrects.
/// </param>
/// <param name="RunAsync">Does it. A second time does no harm.</param>
internal sealed record AzureStep(
    string Description,
    string? Undo,
    Func<CancellationToken, Task<bool>> IsDoneAsync,
    Func<CancellationToken, Task> RunAsync
)
{
    /// <summary>Whether a line is printed when nothing has to be done.</summary>
    public bool IsShownWhenDone { get; init; } = true;

    /// <summary>A step that only checks.</summary>
    /// <param name="description">What it checks, beginning with a verb.</param>
    /// <param name="checkAsync">Raises <see cref="CliException"/> when it is not so.</param>
    public static AzureStep Check(string description, Func<CancellationToken, Task> checkAsync) =>
        new(
            description,
            null,
            async cancellationToken =>
            {
                await checkAsync(cancellationToken);
                return true;
            },
            _ => Task.CompletedTask
        );
}
