namespace Local;

/// <summary>Keeps the last lines a process printed, for the one-line error if it dies.</summary>
internal sealed class LastLines(int count)
{
    private static readonly int Longest = 600;

    private readonly Queue<string> _lines = new();

    /// <summary>
    /// Adds a line. Null (end of stream), blanks and stack frames are passed over: the frames would push out the message above them.
    /// </summary>
    public void Add(string? line)
    {
        if (string.IsNullOrWhiteSpace(line) || line.TrimStart().StartsWith("at ", StringComparison.Ordinal))
            return;
        lock (_lines)
        {
            // File and rule come first in a message: a long one is cut at its end.
            var message = LogLine.Parse(line).Message.Trim();
            _lines.Enqueue(message.Length <= Longest ? message : message[..(Longest - 1)] + "…");
            if (_lines.Count > count)
                _lines.Dequeue();
        }
    }

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lines)
                return _lines.Count == 0;
        }
    }

    /// <summary>The kept lines joined by <c> | </c>; "it printed nothing" when there are none.</summary>
    public string Text
    {
        get
        {
            lock (_lines)
            {
                var text = _lines.Count == 0 ? "it printed nothing" : string.Join(" | ", _lines);
                return text.Length <= Longest ? text : "…" + text[^Longest..];
            }
        }
    }
}
