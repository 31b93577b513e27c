namespace ComplianceCli.Azure;

/// <summary>Shows or does the steps of a command, in their order.</summary>
/// <param name="steps">The steps.</param>
/// <param name="output">Gets a line for each.</param>
internal sealed class AzurePlan(IReadOnlyList<AzureStep> steps, TextWriter output)
{
    /// <summary>Shows each step and whether it would do something. Nothing is changed.</summary>
    /// <returns>0; 1 when something is in the way.</returns>
    public async Task<int> PrintAsync(CancellationToken cancellationToken)
    {
        var code = 0;
        foreach (var step in steps)
            try
            {
                var isDone = await step.IsDoneAsync(cancellationToken);
                if (!isDone)
                    await LineAsync("would", step.Description, step.Undo);
                else if (step.IsShownWhenDone)
                    await LineAsync("done", step.Description, null);
            }
            catch (CliException e)
            {
                code = 1;
                await LineAsync("problem", $"{step.Description}: {e.Message}", null);
            }
        await output.WriteLineAsync("Nothing was changed.");
        return code;
    }

    /// <summary>Does what is not done yet. What is in the way ends it: what was done by then is printed, and is not done again.</summary>
    /// <returns>0.</returns>
    /// <exception cref="CliException">Something is in the way, or a step failed.</exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        foreach (var step in steps)
            if (!await step.IsDoneAsync(cancellationToken))
            {
                await step.RunAsync(cancellationToken);
                await LineAsync("did", step.Description, step.Undo);
            }
            else if (step.IsShownWhenDone)
            {
                await LineAsync("done", step.Description, null);
            }
        return 0;
    }

    private async Task LineAsync(string what, string description, string? undo)
    {
        await output.WriteLineAsync($"{what,-8} {description}");
        if (undo is not null)
            await output.WriteLineAsync($"{"",-8} undo: {undo}");
    }
}
