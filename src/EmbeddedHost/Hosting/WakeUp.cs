namespace EmbeddedHost.Hosting;

/// <summary>Ends one loop's rest early. A call while the loop is busy ends its next rest at once, so none is lost.</summary>
internal sealed class WakeUp
{
    private readonly Lock _lock = new();
    private Action? _end;
    private bool _pending;

    public void Ring()
    {
        Action? end;
        lock (_lock)
        {
            end = _end;
            _end = null;
            _pending = end is null;
        }

        end?.Invoke();
    }

    public void Attach(Action end)
    {
        lock (_lock)
        {
            if (!_pending)
            {
                _end = end;
                return;
            }

            _pending = false;
        }

        end();
    }

    public void Detach()
    {
        lock (_lock)
            _end = null;
    }
}
