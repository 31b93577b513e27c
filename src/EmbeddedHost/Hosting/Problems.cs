namespace EmbeddedHost.Hosting;

/// <summary>Collects everything wrong with the app, so that one start tells all of it.</summary>
internal sealed class Problems
{
    private readonly List<string> _found = [];

    public int Count => _found.Count;

    public void Add(string problem) => _found.Add(problem);

    /// <exception cref="StartupException">Something was found.</exception>
    public void ThrowIfAny()
    {
        if (_found.Count > 0)
            throw new StartupException("The functions host cannot start: " + string.Join(Environment.NewLine, _found));
    }
}
