using System.Globalization;

namespace Local;

/// <summary>
/// The data of the demo tenant, an AI company's: about 620 blobs. The same time gives the same blobs. Azurite makes all of them at once,
/// so their age is in names, metadata and tags.
/// </summary>
internal static class DemoBlobs
{
    private const string Hold = "legalhold";

    /// <summary>All of them.</summary>
    /// <param name="now">What their dates are counted back from.</param>
    public static IEnumerable<DemoBlob> All(DateTimeOffset now)
    {
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        return
        [
            .. Claims(today),
            .. Voice(today),
            .. Prompts(today),
            .. Features(today),
            .. Models(today),
            .. Predictions(today),
            .. Exports(today),
            .. PromptsCopy(today),
            .. Scratch(),
        ];
    }

    // Raw training data, five parts a month over two and a half years; the oldest month is part of a case in court.
    private static IEnumerable<DemoBlob> Claims(DateOnly today) =>
        from month in Enumerable.Range(0, 30)
        from part in Enumerable.Range(0, 5)
        let at = today.AddMonths(-month)
        let folder = month == 28 && part == 0 ? "golden/" : ""
        select new DemoBlob("ctsraw", "raw", Name($"claims/{at:yyyy/MM}/{folder}part-{part}.jsonl"))
        {
            Tags = month == 29 && part < 3 ? With("dataset", "claims", Hold, "case-17") : With("dataset", "claims"),
            Metadata = With("source", "claims-portal"),
        };

    // Voice recordings: how long each may be used is what the person consented to.
    private static IEnumerable<DemoBlob> Voice(DateOnly today) =>
        from speaker in Enumerable.Range(0, 40)
        select new DemoBlob("ctsraw", "raw", Name($"voice/speaker-{speaker:000}/utterances.wav"))
        {
            Metadata = With("consentuntil", Day(today.AddDays((speaker * 19) - 200))),
        };

    private static IEnumerable<DemoBlob> Prompts(DateOnly today) =>
        from day in Enumerable.Range(0, 150)
        let at = today.AddDays(-day)
        select new DemoBlob("ctsraw", "prompts", Name($"{at:yyyy/MM/dd}/session-{day * 7919 % 10_000:0000}.json"))
        {
            Metadata = With("channel", day % 3 == 0 ? "mobile" : "web"),
        };

    private static IEnumerable<DemoBlob> Features(DateOnly today) =>
        from version in Enumerable.Range(1, 12)
        from part in Enumerable.Range(0, 5)
        select new DemoBlob("ctsml", "features", Name($"transactions/v{version}/part-{part}.parquet"))
        {
            Tags = With("expires", Day(today.AddDays((version * 30) - 140)), "dataset", "transactions"),
            IsLeased = version == 2 && part == 0,
            // Of versions that stay: Azurite takes no signature for a snapshot in a batch.
            Snapshots = version >= 10 && part == 1 ? 1 : 0,
        };

    // Each version has the model and its card; the third one is served still, from an instance that holds a lease.
    private static IEnumerable<DemoBlob> Models(DateOnly today) =>
        from version in Enumerable.Range(1, 20)
        from file in (string[])["card.json", "model.onnx"]
        select new DemoBlob("ctsml", "models", Name($"claims-triage/{version / 10}.{version % 10}.0/{file}"))
        {
            Metadata = With("trained", Day(today.AddDays((version * 30) - 610))),
            IsLeased = version == 3 && file == "model.onnx",
            Snapshots = version == 18 ? 2 : 0,
        };

    private static IEnumerable<DemoBlob> Predictions(DateOnly today) =>
        from step in Enumerable.Range(0, 100)
        let at = today.AddDays(-step * 3)
        select new DemoBlob("ctsml", "logs", Name($"predictions/{at:yyyy/MM/dd}/{step % 24:00}.jsonl"))
        {
            Metadata = With("model", "claims-triage"),
        };

    private static IEnumerable<DemoBlob> Exports(DateOnly today) =>
        from request in Enumerable.Range(0, 40)
        select new DemoBlob("ctsexports", "exports", Name($"requests/{4100 + request}/export.zip"))
        {
            Metadata =
                request == 0
                    ? With("expires", Day(today.AddDays(-90)), Hold, "case-17")
                    : With("expires", Day(today.AddDays((request * 5) - 100))),
        };

    // Raw data that was copied to development.
    private static IEnumerable<DemoBlob> PromptsCopy(DateOnly today) =>
        from day in Enumerable.Range(0, 20)
        select new DemoBlob("ctsdev", "prompts-copy", Name($"{today.AddDays(-day * 3):yyyy/MM/dd}/session-{day:0000}.json"));

    private static IEnumerable<DemoBlob> Scratch() =>
        from number in Enumerable.Range(0, 20)
        select new DemoBlob("ctsdev", "scratch", Name($"tmp/untitled-{number}.ipynb"));

    private static string Name(FormattableString name) => name.ToString(CultureInfo.InvariantCulture);

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static Dictionary<string, string> With(params string[] pairs) => pairs.Chunk(2).ToDictionary(p => p[0], p => p[1]);
}
