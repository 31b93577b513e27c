using System.Globalization;
using Local;

namespace Testing;

/// <summary>
/// How much the tests do: by default what fits into the usual run, with <c>./scripts/test --long</c> many seeds, many kills and large
/// sizes. The one place that reads <see cref="TestRun.SizeVariable"/>.
/// </summary>
public static class TestSize
{
    /// <summary>Names the one seed that is replayed.</summary>
    public const string SeedVariable = "COMPLIANCE_SEED";

    private const int ManyTimes = 20;

    /// <summary>Whether the long ones are run in full.</summary>
    /// <exception cref="InvalidOperationException">It is set to something else: a misspelt size would pass for the long run.</exception>
    public static bool IsLong =>
        Environment.GetEnvironmentVariable(TestRun.SizeVariable) switch
        {
            null or "" => false,
            TestRun.Long => true,
            var other => throw new InvalidOperationException($"{TestRun.SizeVariable} is {TestRun.Long} or left out, not {other}"),
        };

    /// <summary>
    /// The seeds of a random test: from 1, as many as <see cref="Times"/> gives; only the one that <see cref="SeedVariable"/> names when a
    /// failing one is to be replayed.
    /// </summary>
    /// <param name="usual">How many in the usual run.</param>
    public static IEnumerable<int> Seeds(int usual) =>
        Environment.GetEnvironmentVariable(SeedVariable) switch
        {
            null or "" => Enumerable.Range(1, Times(usual)),
            var one => [int.Parse(one, CultureInfo.InvariantCulture)],
        };

    /// <summary>How often something random is tried.</summary>
    /// <param name="usual">How often in the usual run; twenty times that in the long one.</param>
    public static int Times(int usual) => IsLong ? usual * ManyTimes : usual;
}
