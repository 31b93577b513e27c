using Local;

namespace Testing;

/// <summary>
/// How much the tests do: by default what fits into the usual run, with <c>./scripts/test --long</c> many seeds, many kills and large sizes.
/// The one place that reads <see cref="TestRun.SizeVariable"/>.
/// </summary>
public static class TestSize
{
    private const int ManyTimes = 20;

    /// <summary>Whether the long ones are run in full.</summary>
    /// <exception cref="InvalidOperationException">It is set to something else: a misspelt size would pass for the long run.</exception>
    public static bool IsLong => Environment.GetEnvironmentVariable(TestRun.SizeVariable) switch
    {
        null or "" => false,
        TestRun.Long => true,
        var other => throw new InvalidOperationException($"{TestRun.SizeVariable} is {TestRun.Long} or left out, not {other}"),
    };

    /// <summary>How often something random is tried.</summary>
    /// <param name="usual">How often in the usual run; twenty times that in the long one.</param>
    public static int Times(int usual) => IsLong ? usual * ManyTimes : usual;
}
