using BlobStandIn.State;

namespace BlobStandIn;

/// <summary>Blobs for a benchmark: names as data sets have them, and a share that is old.</summary>
internal static class Seeds
{
    /// <summary>Age of an old one.</summary>
    public static readonly TimeSpan OldAge = TimeSpan.FromDays(400);

    /// <summary>Age of another.</summary>
    public static readonly TimeSpan NewAge = TimeSpan.FromDays(10);

    /// <summary>Makes them in the order of their names, spread over prefixes, the old ones among the others.</summary>
    /// <param name="count">How many.</param>
    /// <param name="oldShare">Share of old ones.</param>
    /// <param name="now">What ages count from.</param>
    /// <param name="extras">What all of them have beside their content.</param>
    public static IEnumerable<BlobSeed> Make(int count, double oldShare, DateTimeOffset now, BlobExtras extras)
    {
        const int Prefixes = 100;
        var old = 0;
        for (var i = 0; i < count; i++)
        {
            var prefix = (int)((long)i * Prefixes / count);
            var isOld = old < Math.Round((i + 1) * oldShare);
            old += isOld ? 1 : 0;
            yield return new($"raw/part-{prefix:d2}/prompt-{i:d8}.json")
            {
                Size = 1_000 + (i % 7_000),
                Created = now - (isOld ? OldAge : NewAge),
                Extras = extras,
            };
        }
    }
}
