using System.Runtime.InteropServices;
using ComplianceCli;

// Not disposed: a signal may come at any moment until the process has ended.
var cancellation = new CancellationTokenSource();
void Stop(PosixSignalContext signal)
{
    // The second one ends the process at once.
    signal.Cancel = !cancellation.IsCancellationRequested;
    cancellation.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return await OneLine.RunAsync(
    () => Commands.InvokeAsync(args, Console.Out, Console.Error, cancellation.Token),
    Console.Error,
    cancellation.Token
);
