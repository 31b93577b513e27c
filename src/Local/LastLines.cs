namespace Local;

/// <summary>Keeps the last lines a process printed, for the one-line error if it dies.</summary>
internal sealed class LastLines(int count)
{
    private readonly Queue<string> _lines = new();

    /// <summary>Adds a line; null (end of stream) and blanks are passed over.</summary>
    public void Add(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        lock (_lines)
        {
            _lines.Enqueue(line.Trim());
            if (_lines.Count > count)
                _lines.Dequeue();
        }
    }

    /// <summary>The kept lines joined by <c> | </c>; "it printed nothing" when there are none.</summary>
    public string Text
    {
        get
        {
            lock (_lines)
                return _lines.Count == 0 ? "it printed nothing" : string.Join(" | ", _lines);
        }
    }
}
