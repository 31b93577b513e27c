using System.Globalization;
using Compliance.Evidence.Verify;

namespace ComplianceCli;

/// <summary>A bar on one line of a terminal, drawn anew as the verification goes on; at most a few times a second.</summary>
/// <param name="terminal">The terminal.</param>
/// <param name="time">The clock.</param>
internal sealed class EvidenceProgress(TextWriter terminal, TimeProvider time) : IProgress<VerifyProgress>
{
    private const int Width = 30;
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);

    private readonly long _began = time.GetTimestamp();
    private long _drawn;
    private bool _any;

    /// <summary>The bar, unless one was drawn only just now.</summary>
    public void Report(VerifyProgress value)
    {
        if (_any && time.GetElapsedTime(_drawn) < Between)
            return;
        (_any, _drawn) = (true, time.GetTimestamp());
        var share = value.Of == 0 ? 1 : Math.Clamp((double)value.Bytes / value.Of, 0, 1);
        var seconds = time.GetElapsedTime(_began).TotalSeconds;
        var rate = seconds > 0 ? value.Records / seconds : 0;
        terminal.Write(string.Create(CultureInfo.InvariantCulture,
            $"\r[{new string('#', (int)(share * Width)),-Width}] {share * 100,3:0} %  {value.Records} records  {rate:0}/s\u001b[K"));
    }

    /// <summary>Takes the bar away.</summary>
    public void Clear()
    {
        if (_any)
            terminal.Write("\r\u001b[K");
        _any = false;
    }
}
